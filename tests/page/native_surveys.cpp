// Makes the stores of the fuzz corpus, and prints of each what a survey by this machine's own library tells: one line of JSON a store.
// usage: datawal_page_native OUT CORPUS...

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <datawal/survey.hpp>

#include "cli/page/summary.hpp"
#include "cli/page/summary_json.hpp"
#include "cli/verdict.hpp"
#include "support/recipe.hpp"
#include "support/scratch.hpp"

namespace {

namespace fs = std::filesystem;
using namespace datawal;

struct Row {
  RecordRef ref;
  RecordType type;
  RecordState state;
};

std::string survey_of(const fs::path& dir) {
  cli::Summary summary({.columns = 0});
  std::vector<Row> rows;
  SurveyVisitor visitor = cli::counting_into(summary);
  visitor.on_record = [&](const SurveyedRecord& seen) {
    summary.add(seen);
    rows.push_back({seen.record.ref, seen.record.type, seen.state});
    return true;
  };
  visitor.on_superseded = [&](const SupersededRecord& old) {
    summary.supersede(old);
    for (Row& row : rows) {
      if (row.ref.segment == old.segment && row.ref.offset == old.offset) row.state = RecordState::dead;
    }
  };
  const auto told = [&summary](const Progress& progress) { summary.set_total(progress.bytes_total); };
  const Result<SurveyReport> report = survey(dir, visitor, {.read_path = ReadPath::pread, .on_progress = told});
  std::string line = "{\"name\":" + cli::json_text(dir.filename().native());
  if (!report) return line + ",\"failed\":" + cli::json_text(name_of(report.error().code)) + "}";
  line += ",\"summary\":{" + cli::json_of(*report, summary, dir.filename()) + "},\"rows\":[";
  for (const Row& row : rows) {
    if (line.back() != '[') line += ',';
    line += '[' + std::to_string(row.ref.segment) + ',' + std::to_string(row.ref.offset) + ',' +
            std::to_string(row.ref.len) + ',' + std::to_string(row.ref.txid) + ',' +
            std::to_string(static_cast<int>(row.type)) + ',' + std::to_string(static_cast<int>(row.state)) + ']';
  }
  return line + "]}";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 1;
  const fs::path out = fs::absolute(argv[1]);
  std::vector<fs::path> corpora;
  for (int i = 2; i < argc; ++i) corpora.push_back(fs::absolute(argv[i]));
  fs::current_path(out);  // sentences name a store as it is called from here
  for (const fs::path& corpus : corpora) {
    for (const auto& entry : fs::directory_iterator(corpus)) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      const fs::path dir = out / (corpus.filename().native() + "-" + entry.path().filename().native());
      fuzz::write_recipe(fuzz::read_recipe(bytes), dir);
      std::puts(survey_of(dir.filename()).c_str());
    }
  }
}
