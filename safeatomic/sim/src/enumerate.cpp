#include <safeatomic/sim/enumerate.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <unordered_set>
#include <utility>
#include <vector>

namespace safeatomic::sim {

namespace {

using Visit = std::function<void(const Choice&)>;

constexpr std::size_t entries_max = 10;  // whose subsets are all looked at

/// What is undecided of one file, as numbers of Undecided.
struct FileSlots {
  std::optional<std::size_t> size;
  std::vector<std::size_t> sectors;
  std::vector<std::size_t> attributes;
};

class Enumeration {
 public:
  Enumeration(const PowerLoss& loss, const OutcomeOptions& options, const Visit& visit)
      : loss_(loss), options_(options), visit_(visit), random_(options.seed), choice_(loss.undecided().size(), 0) {
    for (const Undecided& one : loss.undecided()) entry_count_ += one.kind == Undecided::Kind::entry ? 1 : 0;
  }

  bool run() {
    const std::vector<Choice> subsets = entry_subsets();
    std::uint64_t total = 0;
    for (const Choice& subset : subsets) {
      select(subset);
      total = capped(total + combinations());
    }
    const bool is_reduced = total > options_.combinations_max || has_too_many_entries();
    const std::uint64_t budget = std::max<std::uint64_t>(64, options_.combinations_max / subsets.size());
    for (const Choice& subset : subsets) {
      select(subset);
      if (is_reduced && combinations() > budget) {
        visit_some(budget);
      } else {
        visit_all(0);
      }
    }
    return is_reduced;
  }

 private:
  [[nodiscard]] std::uint32_t options(std::size_t slot) const { return loss_.undecided()[slot].options; }
  [[nodiscard]] std::uint64_t capped(std::uint64_t count) const {
    return std::min(count, options_.combinations_max + 1);
  }
  [[nodiscard]] bool has_too_many_entries() const {
    return options_.model == LossModel::arbitrary && entry_count_ > entries_max;
  }

  /// The next outcomes have the entries of `subset`.
  void select(const Choice& subset) {
    choice_ = subset;
    files_.clear();
    std::size_t file = 0;
    const auto& is_seen = options_.is_seen;
    for (const std::size_t slot :
         loss_.seen(subset, [&](std::string_view name) { return !is_seen || is_seen(name); })) {
      const Undecided& one = loss_.undecided()[slot];
      if (one.kind == Undecided::Kind::attributes && !options_.sees_attributes) continue;
      if (files_.empty() || one.file != file) files_.emplace_back();
      file = one.file;
      switch (one.kind) {
        case Undecided::Kind::size: files_.back().size = slot; break;
        case Undecided::Kind::sector: files_.back().sectors.push_back(slot); break;
        case Undecided::Kind::attributes: files_.back().attributes.push_back(slot); break;
        case Undecided::Kind::entry: break;
      }
    }
  }

  [[nodiscard]] std::uint32_t size_count(const FileSlots& file) const { return file.size ? options(*file.size) : 1; }

  /// How many of the sectors lie below the size of that state: the rest cannot be seen. They stand in ascending order.
  [[nodiscard]] std::size_t visible(const FileSlots& file, std::uint32_t size_state) const {
    if (!file.size) return file.sectors.size();
    const std::uint64_t size = loss_.undecided()[*file.size].sizes[size_state];
    const auto end = std::ranges::partition_point(
        file.sectors, [&](std::size_t slot) { return loss_.undecided()[slot].offset < size; });
    return static_cast<std::size_t>(end - file.sectors.begin());
  }

  [[nodiscard]] std::uint64_t combinations() const {
    std::uint64_t product = 1;
    for (const FileSlots& file : files_) {
      std::uint64_t sum = 0;
      for (std::uint32_t size = 0; size < size_count(file); ++size) {
        std::uint64_t of_size = 1;
        for (std::size_t i = 0; i < visible(file, size); ++i) of_size = capped(of_size * options(file.sectors[i]));
        sum = capped(sum + of_size);
      }
      for (const std::size_t slot : file.attributes) sum = capped(sum * options(slot));
      product = capped(product * sum);
    }
    return product;
  }

  std::vector<Choice> entry_subsets() {
    std::vector<Choice> subsets;
    const Choice none(choice_.size(), 0);
    if (options_.model != LossModel::arbitrary) {  // they stand in the order of their time
      for (std::size_t landed = 0; landed <= entry_count_; ++landed) {
        subsets.push_back(none);
        std::fill_n(subsets.back().begin(), landed, 1U);
      }
      return subsets;
    }
    if (!has_too_many_entries()) {
      for (std::uint32_t bits = 0; bits < (1U << entry_count_); ++bits) {
        subsets.push_back(none);
        for (std::size_t i = 0; i < entry_count_; ++i) subsets.back()[i] = (bits >> i) & 1U;
      }
      return subsets;
    }
    for (std::size_t landed = 0; landed <= entry_count_; ++landed) {  // prefixes, and prefixes with a hole
      subsets.push_back(none);
      std::fill_n(subsets.back().begin(), landed, 1U);
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

  void visit_all(std::size_t at) {
    if (at == files_.size()) {
      visit_(choice_);
      return;
    }
    const FileSlots& file = files_[at];
    for (std::uint32_t size = 0; size < size_count(file); ++size) {
      if (file.size) choice_[*file.size] = size;
      std::vector<std::size_t> slots(file.sectors.begin(),
                                     file.sectors.begin() + static_cast<std::ptrdiff_t>(visible(file, size)));
      slots.insert(slots.end(), file.attributes.begin(), file.attributes.end());
      while (true) {
        visit_all(at + 1);
        std::size_t digit = 0;
        while (digit < slots.size() && ++choice_[slots[digit]] == options(slots[digit])) choice_[slots[digit++]] = 0;
        if (digit == slots.size()) break;
      }
    }
    if (file.size) choice_[*file.size] = 0;
  }

  void set(std::size_t slot, bool is_newest) { choice_[slot] = is_newest ? options(slot) - 1 : 0; }

  void set_all(bool is_newest) {
    for (const FileSlots& file : files_) {
      if (file.size) set(*file.size, is_newest);
      for (const std::size_t slot : file.sectors) set(slot, is_newest);
      for (const std::size_t slot : file.attributes) set(slot, is_newest);
    }
  }

  void visit_some(std::uint64_t budget) {
    std::uint64_t visited = 0;
    for (const FileSlots& file : files_) {
      for (const bool others_newest : {true, false}) {
        set_all(others_newest);
        visited += visit_file(file, budget);
      }
    }
    for (; visited < budget; ++visited) {
      for (const FileSlots& file : files_) {
        if (file.size) set_random(*file.size);
        for (const std::size_t slot : file.sectors) set_random(slot);
        for (const std::size_t slot : file.attributes) set_random(slot);
      }
      visit_(choice_);
    }
  }
  void set_random(std::size_t slot) { choice_[slot] = static_cast<std::uint32_t>(random_() % options(slot)); }

  /// Every size with every first sector that is missing; where that is more than `budget`, about so many of them.
  std::uint64_t visit_file(const FileSlots& file, std::uint64_t budget) {
    std::uint64_t all = 0;
    for (std::uint32_t size = 0; size < size_count(file); ++size) all += 2 * (visible(file, size) + 1);
    std::uint64_t visited = 0;
    for (std::uint32_t size = 0; size < size_count(file); ++size) {
      if (file.size) choice_[*file.size] = size;
      const std::size_t end = visible(file, size);
      for (std::size_t missing = 0; missing <= end; ++missing) {
        for (const bool newest_behind : {false, true}) {
          if (all > budget && random_() % all >= budget) continue;
          if (missing == end && newest_behind) continue;  // nothing lies behind
          for (std::size_t i = 0; i < file.sectors.size(); ++i) {
            set(file.sectors[i], i < missing || (i > missing && newest_behind));
          }
          const std::uint32_t states = missing < end ? options(file.sectors[missing]) - 1 : 1;
          for (std::uint32_t state = 0; state < states; ++state) {
            if (missing < end) choice_[file.sectors[missing]] = state;
            visit_(choice_);
            ++visited;
          }
        }
      }
    }
    return visited;
  }

  const PowerLoss& loss_;
  const OutcomeOptions& options_;
  const Visit& visit_;
  std::mt19937_64 random_;
  Choice choice_;
  std::size_t entry_count_ = 0;
  std::vector<FileSlots> files_;
};

}  // namespace

bool for_each_outcome(const PowerLoss& loss, const OutcomeOptions& options, const Visit& visit) {
  if (options.model == LossModel::prefix) {
    for (const Choice& choice : loss.prefixes()) visit(choice);
    return false;
  }
  if (options.model == LossModel::arbitrary) return Enumeration(loss, options, visit).run();
  const Visit possible = [&](const Choice& choice) {
    if (loss.is_possible(choice, options.model)) visit(choice);
  };
  return Enumeration(loss, options, possible).run();
}

bool for_each_outcome(const SimFileSystem& machine, LossModel model,
                      const std::function<void(const DiskImage&)>& visit) {
  const PowerLoss loss(machine);
  std::unordered_set<std::uint64_t> seen;
  return for_each_outcome(loss, {.model = model}, [&](const Choice& choice) {
    const DiskImage disk = loss.outcome(choice);
    if (seen.insert(disk.hash()).second) visit(disk);
  });
}

CrashCount for_each_crash(const DiskImage& start, const std::function<void(FileSystem&)>& program,
                          const std::function<void(const Crash&)>& check, const OutcomeOptions& options) {
  SimFileSystem machine(start);
  CrashCount count;
  const auto crash = [&](std::uint64_t ordinal, const std::string& before) {
    const PowerLoss loss(machine, options.disk);
    std::unordered_set<std::uint64_t> seen;
    ++count.points;
    const bool is_choice = for_each_outcome(loss, options, [&](const Choice& choice) {
      DiskImage disk = loss.outcome(choice);
      if (!seen.insert(disk.hash()).second) return;
      ++count.crashes;
      check({.ordinal = ordinal, .before = before, .choice = choice, .disk = std::move(disk)});
    });
    if (is_choice) ++count.choices;
  };
  machine.set_hook([&](const Operation& op) {
    crash(op.ordinal, describe(op));
    return Fault::none;
  });
  program(machine);
  machine.set_hook(nullptr);
  crash(machine.ordinal() + 1, "the end");
  return count;
}

}  // namespace safeatomic::sim
