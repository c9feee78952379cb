#include "interleave/mutants.hpp"

namespace datawal::interleave {

std::vector<Mutant> all_mutants() {
  return {
      {"no_second_listing", "a snapshot without a second listing", "read_log_compact", 2},
      {"no_stat_of_last", "no look at the size of the last segment at the end", "read_log_put_compact", 2},
      {"no_catching_up", "a snapshot does not catch up with what was added", "read_log_compact", 2},
      {"no_wake_for_one", "who is given the turn is not woken", "commit3", 2},
      {"no_wake_for_all", "those that waited for a sync are not woken", "commit3", 2},
      {"one_woken_for_all", "one is woken in the place of all", "commit4", 2},
      {"acknowledges_late_records", "records are acknowledged that came after the sync began", "commit3", 3},
      {"attends_an_earlier_sync", "waits for a sync that began too early", "commit3", 2},
      {"failed_sync_does_not_poison", "a failed sync does not poison", "commit2_fails1", 2},
      {"syncs_without_the_turn", "a sync without the turn", "commit2", 2},
      {"rotates_without_the_turn", "a rotation without the turn", "commit2_rotate", 2},
      {"lock_sleeps_as_held", "a lock is slept on as if nobody waited", "commit3", 3},
      {"futex_sleeps_without_looking", "a futex is slept on unseen", "commit3", 3},
      {"stop_is_not_signalled", "the background thread is not told to stop", "interval", 2},
      {"compacts_before_the_sync", "a compaction before what superseded is synced", "put_compact_power", 2},
      {"counts_a_superseded_move", "a superseded record is counted as moved", "put_compact", 2},
      {"gives_back_addresses_at_once", "positions are given back under readers", "get_compact", 2},
      {"frees_under_readers", "a file is let go of under readers", "get_compact", 2},
      {"frees_the_outgrown_table", "an outgrown table is freed under readers", "index_split", 1},
      {"page_is_published_relaxed", "a group of the index is published relaxed", "index_split_other", 1},
      {"frames_are_published_relaxed", "decoded frames are published relaxed", "open_two_threads", 2},
      {"seqlock_without_acquire", "a seqlock without its acquire fence", "index_put_again", 3},
      {"seqlock_without_release", "a seqlock without its release fence", "index_put_again", 3},
      {"holds_without_waiting", "a hold does not wait for the segment that is being replaced", "hold_compact", 2},
      {"holds_without_the_gates", "a hold from outside does not wait for the segment that is being replaced",
       "hold_outside_compact", 2},
      {"looks_at_holds_before_the_gate", "the holds are looked at before the segment is locked", "hold_outside_compact",
       2},
      {"child_waits_for_the_lock", "a forked child waits for a lock that nobody gives back", "fork_commit2", 2},
      {"child_ends_what_is_half_changed", "a forked child takes down what another thread was changing", "fork_compact",
       1},
      {"child_waits_for_the_background", "a forked child waits for the end of a thread that it has not",
       "fork_interval", 1},
      {"loads_a_page_twice", "a page of the index that was loaded is loaded over it again", "load_replace", 3},
      {"page_is_published_before_it_is_there", "a page of the index is published before it is loaded", "load_find", 3},
      {"hands_over_nothing", "pages of the index are written as they are, not as they were", "save_change", 2},
      {"index_notes_the_end_later", "the end of what an index describes is noted behind its tables", "save_change", 2},
      {"saves_the_state_before_the_sync", "a state is written of records that are not synced", "state_save_power", 2},
      {"keeps_the_turn_on_an_exception", "a turn is kept when an exception leaves it", "commit2_throws", 2},
  };
}

}  // namespace datawal::interleave
