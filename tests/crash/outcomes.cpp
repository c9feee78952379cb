#include "crash/outcomes.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <safeatomic/temporary.hpp>

namespace datawal::crash {

namespace {

using safeatomic::sim::Choice;
using safeatomic::sim::LossModel;
using safeatomic::sim::PowerLoss;
using safeatomic::sim::Undecided;

constexpr std::size_t entries_max = 10;  // whose subsets are all looked at

bool is_seen(std::string_view name) { return name != ".lock" && !safeatomic::is_temporary_name(name); }

class Outcomes {
 public:
  Outcomes(const PowerLoss& loss, std::uint64_t seed, const Visit& visit)
      : loss_(loss), visit_(visit), random_(seed), choice_(loss.undecided().size(), 0) {
    for (const Undecided& one : loss.undecided()) entry_count_ += one.kind == Undecided::Kind::entry ? 1 : 0;
  }

  bool run() {
    const std::vector<Choice> subsets = entry_subsets();
    std::uint64_t total = 0;
    for (const Choice& subset : subsets) total = std::min(total + combinations(subset), combinations_max + 1);
    const bool is_reduced = total > combinations_max || entry_count_ > entries_max;
    const std::uint64_t budget = std::max<std::uint64_t>(64, combinations_max / subsets.size());
    for (const Choice& subset : subsets) {
      choice_ = subset;
      const std::vector<std::size_t> seen = slots(subset);
      if (is_reduced && combinations(subset) > budget) {
        visit_some(seen, budget);
      } else {
        visit_all(seen);
      }
    }
    return is_reduced;
  }

 private:
  [[nodiscard]] std::uint16_t options(std::size_t slot) const {
    return static_cast<std::uint16_t>(loss_.undecided()[slot].options);
  }

  [[nodiscard]] std::vector<std::size_t> slots(const Choice& subset) const {
    std::vector<std::size_t> seen = loss_.seen(subset, is_seen);
    std::erase_if(seen, [this](std::size_t slot) {
      return loss_.undecided()[slot].kind == Undecided::Kind::attributes;  // no recovery looks at them
    });
    return seen;
  }

  [[nodiscard]] std::uint64_t combinations(const Choice& subset) const {
    std::uint64_t product = 1;
    for (const std::size_t slot : slots(subset)) {
      product *= options(slot);
      if (product > combinations_max) return combinations_max + 1;
    }
    return product;
  }

  std::vector<Choice> entry_subsets() {
    std::vector<Choice> subsets;
    const Choice none(choice_.size(), 0);
    if (entry_count_ <= entries_max) {
      for (std::uint32_t bits = 0; bits < (1U << entry_count_); ++bits) {
        subsets.push_back(none);
        for (std::size_t i = 0; i < entry_count_; ++i) subsets.back()[i] = (bits >> i) & 1U;
      }
      return subsets;
    }
    for (std::size_t landed = 0; landed <= entry_count_; ++landed) {  // prefixes, and prefixes with a hole
      subsets.push_back(none);
      std::fill_n(subsets.back().begin(), landed, std::uint16_t{1});
      if (landed < 2) continue;
      subsets.push_back(subsets.back());
      subsets.back()[landed - 2] = 0;
    }
    for (int i = 0; i < 64; ++i) {
      subsets.push_back(none);
      for (std::size_t entry = 0; entry < entry_count_; ++entry) subsets.back()[entry] = random_() & 1U;
    }
    return subsets;
  }

  void visit_all(const std::vector<std::size_t>& seen) {
    while (true) {
      visit_(choice_);
      std::size_t at = 0;
      while (at < seen.size() && ++choice_[seen[at]] == options(seen[at])) choice_[seen[at++]] = 0;
      if (at == seen.size()) return;
    }
  }

  void set_all(const std::vector<std::size_t>& seen, bool newest) {
    for (const std::size_t slot : seen) choice_[slot] = newest ? static_cast<std::uint16_t>(options(slot) - 1U) : 0;
  }

  void visit_some(const std::vector<std::size_t>& seen, std::uint64_t budget) {
    std::uint64_t visited = 0;
    for (std::size_t begin = 0; begin < seen.size();) {
      std::size_t end = begin;
      const std::string& file = loss_.undecided()[seen[begin]].name;
      while (end < seen.size() && loss_.undecided()[seen[end]].name == file) ++end;
      for (const bool others_newest : {true, false}) {
        set_all(seen, others_newest);
        visited += visit_file(
            {seen.begin() + static_cast<std::ptrdiff_t>(begin), seen.begin() + static_cast<std::ptrdiff_t>(end)});
      }
      begin = end;
    }
    for (; visited < budget; ++visited) {
      for (const std::size_t slot : seen) choice_[slot] = static_cast<std::uint16_t>(random_() % options(slot));
      visit_(choice_);
    }
  }

  /// Every size with every first sector that is missing.
  std::uint64_t visit_file(const std::vector<std::size_t>& file) {
    std::uint64_t visited = 0;
    const bool has_size = loss_.undecided()[file.front()].kind == Undecided::Kind::size;
    const std::size_t first_sector = has_size ? 1 : 0;
    for (unsigned size = 0; size < (has_size ? options(file.front()) : 1U); ++size) {
      if (has_size) choice_[file.front()] = static_cast<std::uint16_t>(size);
      for (std::size_t missing = first_sector; missing <= file.size(); ++missing) {
        for (const bool newest_behind : {false, true}) {
          for (std::size_t i = first_sector; i < file.size(); ++i) {
            const bool is_newest = i < missing || (i > missing && newest_behind);
            choice_[file[i]] = is_newest ? static_cast<std::uint16_t>(options(file[i]) - 1U) : 0;
          }
          const std::uint16_t older = missing < file.size() ? static_cast<std::uint16_t>(options(file[missing]) - 1U)
                                                            : 1U;
          for (std::uint16_t state = 0; state < older; ++state) {
            if (missing < file.size()) choice_[file[missing]] = state;
            visit_(choice_);
            ++visited;
          }
        }
      }
    }
    return visited;
  }

  const PowerLoss& loss_;
  const Visit& visit_;
  std::mt19937_64 random_;
  Choice choice_;
  std::size_t entry_count_ = 0;
};

}  // namespace

bool for_each_outcome(const PowerLoss& loss, LossModel model, std::uint64_t seed, const Visit& visit) {
  if (model == LossModel::prefix) {
    for (const Choice& choice : loss.prefixes()) visit(choice);
    return false;
  }
  if (model == LossModel::arbitrary) return Outcomes(loss, seed, visit).run();
  const Visit possible = [&](const Choice& choice) {
    if (loss.is_possible(choice, model)) visit(choice);
  };
  return Outcomes(loss, seed, possible).run();
}

}  // namespace datawal::crash
