#pragma once
// Cost as work grows: the same few figures of every store at 1, 10 and 100 million keys. Each step in a process of its own, with a limit
// to its time, so that memory is that of the step, and no store holds up the others.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "workloads.hpp"

namespace bench {

/// One figure of one store at one size.
struct ScaleFigure {
  std::uint64_t keys = 0;
  std::size_t value_len = 0;
  std::string store;
  std::string figure;  ///< what was measured, and its unit: "open, ms"
  double number = 0;   ///< meaningless if `missed` says something
  std::string missed;  ///< why there is no number
  std::string run;     ///< commit and date
};

/// What is measured, in the order in which it is told.
inline constexpr std::string_view scale_fill = "put in order, in bulk, ns a record";
inline constexpr std::string_view scale_put = "put at random into the full store, ns";
inline constexpr std::string_view scale_get = "random get, hit, ns";
inline constexpr std::string_view scale_open = "open, ms";
inline constexpr std::string_view scale_first_gets = "open and 1,000 gets, ms";
inline constexpr std::string_view scale_close = "close after filling, ms";
inline constexpr std::string_view scale_small_close = "close after 10 puts, ms";
inline constexpr std::string_view scale_peak = "peak RSS of open and 1,000 gets, MiB";
inline constexpr std::string_view scale_memory = "anonymous memory after a second of gets, MiB";
inline constexpr std::string_view scale_disk = "bytes on disk a record";

/// The stores that are filled and looked at, by name.
[[nodiscard]] std::vector<std::string> scale_stores(const Contenders& all);
/// Those that look at what `store` left, besides itself.
[[nodiscard]] std::vector<std::string> scale_lookers(std::string_view store);

/// One step, in a child: writes lines "FIGURE\tNUMBER". @return exit status
int scale_child(const Contenders& all, std::span<char* const> arguments);

/// `./dev bench --scale`. @return exit status
int scale(const Contenders& all, std::span<char* const> arguments);

/// What was measured before of other sizes and stores stays; what is in `fresh` takes the place of its like.
[[nodiscard]] std::vector<ScaleFigure> merged(std::vector<ScaleFigure> old, const std::vector<ScaleFigure>& fresh);
[[nodiscard]] std::string scale_csv(const std::vector<ScaleFigure>& figures);
[[nodiscard]] std::vector<ScaleFigure> scale_from_csv(const std::filesystem::path& file);
/// A table for each figure; with `plots`, a picture above it.
[[nodiscard]] std::string scale_markdown(const std::vector<ScaleFigure>& figures, std::string_view plots);

/// One figure of all stores against the number of keys, both logarithmic.
[[nodiscard]] std::string curve_svg(const std::vector<ScaleFigure>& figures, std::string_view figure);
[[nodiscard]] std::string count_of_keys(std::uint64_t keys);  ///< "10 M"
[[nodiscard]] std::string curve_name(std::string_view figure);
/// Of a figure that one store alone has there is no picture.
[[nodiscard]] bool has_curve(const std::vector<ScaleFigure>& figures, std::string_view figure);
[[nodiscard]] std::vector<std::string> distinct(const std::vector<ScaleFigure>& figures, std::string ScaleFigure::* of);

}  // namespace bench
