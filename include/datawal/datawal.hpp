#pragma once
// Includes everything. Read in this order: record_log.hpp (writing), record_log_reader.hpp (reading), record.hpp and
// record_cursor.hpp (what comes back); data_wal.hpp and data_wal_reader.hpp (keys and values); options.hpp, error.hpp;
// holds.hpp and log_rebuilder.hpp for those who consume a log; verify.hpp, scrub.hpp and repair.hpp when something is wrong;
// survey.hpp to look at all that is there.

#include <datawal/base64.hpp>
#include <datawal/batch.hpp>
#include <datawal/checkpoint.hpp>
#include <datawal/compaction.hpp>
#include <datawal/conditional.hpp>
#include <datawal/data_wal.hpp>
#include <datawal/data_wal_cursor.hpp>
#include <datawal/data_wal_reader.hpp>
#include <datawal/data_wal_view.hpp>
#include <datawal/dir_lock.hpp>
#include <datawal/error.hpp>
#include <datawal/follower.hpp>
#include <datawal/format.hpp>
#include <datawal/holds.hpp>
#include <datawal/jsonl.hpp>
#include <datawal/log_rebuilder.hpp>
#include <datawal/options.hpp>
#include <datawal/record.hpp>
#include <datawal/record_cursor.hpp>
#include <datawal/record_log.hpp>
#include <datawal/record_log_reader.hpp>
#include <datawal/recovery_report.hpp>
#include <datawal/repair.hpp>
#include <datawal/saved_index.hpp>
#include <datawal/saved_state.hpp>
#include <datawal/scrub.hpp>
#include <datawal/segment.hpp>
#include <datawal/stats.hpp>
#include <datawal/survey.hpp>
#include <datawal/text.hpp>
#include <datawal/values.hpp>
#include <datawal/verify.hpp>
