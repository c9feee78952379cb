#!/usr/bin/env bash
# demo.sh PROGRAM: feeds a file into a log, kills the writer in the middle, shows that nothing it promised is lost, and
# that damage is told.
set -euo pipefail
program=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/datawal-demo.XXXXXX")
writer=
cleanup() {
  [[ -z $writer ]] || kill -KILL "$writer" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n%s\n' "$*"; }
fail() {
  echo "demo: FAILED: $*" >&2
  exit 1
}
# The payloads of the log, a line each, without the quotes around those that hold blanks.
payloads() { "$program" scan log --bytes raw --no-truncate | sed 's/^seg=[^k]*key= payload="\(.*\)"$/\1/'; }
# What `datawal verify` says, in short; its exit status.
verify() {
  echo '   $ datawal verify log'
  "$program" verify log | sed -n -E 's/^(frames_checked|verdict):/   &/p'
}

lines=200000
cd "$work"
awk -v lines=$lines 'BEGIN {
  split("GET POST PUT DELETE", verb, " ")
  split("/ /login /cart /cart/checkout /search?q=wal /static/app.js /api/v1/orders", path, " ")
  for (i = seed = 1; i <= lines; i++) {
    seed = (seed * 16807) % 2147483647
    printf "2026-03-%02dT%02d:%02d:%02dZ 10.%d.%d.%d %s %s %d %dms #%d\n", 1 + i / 8640, i / 360 % 24, i / 6 % 60, i % 6 * 10,
      seed % 256, seed % 251, seed % 241, verb[1 + seed % 4], path[1 + seed % 7], seed % 50 ? 200 : 500, seed % 977, i
  }
}' >access.log

say "1. $lines lines, $(wc -c <access.log) bytes, go into a log: a record per line, its txid printed once it is durable."
echo '   $ datawal append log access.log --sync every=2 --ack --segment-bytes 4194304'
"$program" append log access.log --sync every=2 --ack --segment-bytes 4194304 >acknowledged &
writer=$!
kill_at=$((lines / 4 + RANDOM * lines / 65536))
until (($(wc -l <acknowledged) >= kill_at)); do
  kill -0 "$writer" 2>/dev/null || fail "the writer ended by itself"
done
kill -KILL "$writer"
wait "$writer" 2>/dev/null && status=0 || status=$?
writer=
((status == 137)) || fail "the writer ended with status $status before it could be killed"
acknowledged=$(wc -l <acknowledged)
echo "   SIGKILL. It had acknowledged $acknowledged records."

say '2. What is left?'
verify || (($? == 2)) || fail 'the log is damaged'
payloads >survived || (($? == 2)) || fail 'the log cannot be read'
survived=$(wc -l <survived)
head -n "$survived" access.log | cmp - survived || fail 'what survived is not what was written'
((survived >= acknowledged)) || fail "only $survived records survived"
echo "   The first $survived lines, byte for byte, all $acknowledged acknowledged ones among them."

say "3. The next writer goes on with line $((survived + 1))."
echo "   \$ tail -n +$((survived + 1)) access.log | datawal append log --segment-bytes 4194304"
tail -n +$((survived + 1)) access.log | "$program" append log --segment-bytes 4194304 | sed 's/^/   /'

say '4. Is everything there?'
verify || fail 'the log is not clean'
payloads | cmp - access.log || fail 'the log does not hold the file'
echo "   All $lines lines, byte for byte."

say '5. A byte rots on the disk.'
printf '\377' | dd of=log/00000002.dwal bs=1 seek=1000000 conv=notrunc status=none
echo '   $ datawal verify log'
"$program" verify log >/dev/null 2>why && fail 'the damage was not seen'
sed 's/; nothing was changed.*/; nothing was changed: .../' why | fold -s -w 110 | sed 's/^/   /'
echo '   $ datawal repair log --salvage rescued'
"$program" repair log --salvage rescued >did 2>/dev/null || (($? == 2)) || fail 'nothing could be rescued'
sed -n 's/^records_salvaged:/   &/p' did
(($(sed -n 's/^records_salvaged: *//p' did) == lines - 1)) || fail 'more than the damaged record is lost'
echo "   It says where, keeps its hands off, and every other record is rescued. Done in $SECONDS s."
