// What `datawal verify` says, and what else there is to know about the whole.

import {$, element, withCode} from './dom.js';
import {counted, number, size} from './format.js';

const colours = {clean: 'good', gaps: 'good', records_missing: 'warn', torn_tail: 'warn', out_of_order: 'bad', damaged: 'bad'};

export const headlines = {
  clean: 'Clean', gaps: 'Clean, with gaps', records_missing: 'Records are missing', torn_tail: 'A torn tail',
  out_of_order: 'Out of order', damaged: 'Damaged',
};

function facts(summary, store) {
  const {verify, stat} = summary;
  const behind = verify.records_behind_damage;
  const all = [
    ['records', behind > 0 ? `${number(verify.frames_checked)} readable + ${number(behind)} behind damage` : number(verify.frames_checked)],
    ['segments', `${number(summary.segments.length)}, ${size(summary.total_bytes)}`],
    ['last txid', number(verify.last_txid_seen)],
  ];
  if (store.knowsKeys) {
    all.push(['live keys', number(stat.live_keys)]);
    all.push(['garbage', `${(100 * stat.garbage_ratio).toFixed(1)} %`]);
  }
  if (verify.preallocated_bytes > 0) all.push(['reserved zeros', size(verify.preallocated_bytes)]);
  if (verify.tail_truncated) all.push(['torn tail', `${counted(verify.tail_bytes_discarded, 'byte')}: nothing to do`]);
  if (verify.damaged_ranges_found > 0) {
    all.push(['damaged', `${counted(verify.damaged_bytes, 'byte')} in ${counted(verify.damaged_ranges_found, 'place')}`]);
  }
  if (behind > 0) all.push(['behind damage', `${counted(behind, 'whole record')}: salvage brings ${behind === 1 ? 'it' : 'them'}`]);
  if (verify.txids_missing > 0) {
    all.push(['missing txids', `${number(verify.txids_missing)} in ${counted(verify.txid_gaps, 'place')}`]);
  }
  if (stat.quarantined_files > 0) {
    all.push(['kept aside', `${counted(stat.quarantined_files, 'file')} *.dwal.torn-*, ${size(stat.quarantined_bytes)}`]);
  }
  return all;
}

// The places to jump to.
function jumps(summary, onJump) {
  const places = [];
  for (const one of summary.stretches) {
    if (one.kind === 'reserved') continue;
    const what = one.kind === 'damaged' ? one.reason || 'damage' : one.kind === 'torn' ? 'torn tail' : 'being written';
    places.push([`segment ${one.segment}, byte ${number(one.begin)}: ${what}, ${counted(one.end - one.begin, 'byte')}`,
      () => onJump(one.segment, one.begin, one)]);
  }
  for (const gap of summary.verify.gaps) {
    const which = gap.first === gap.last ? `txid ${number(gap.first)} is` : `txids ${number(gap.first)} to ${number(gap.last)} are`;
    places.push([`segment ${gap.segment}, byte ${number(gap.offset)}: ${which} missing before it`,
      () => onJump(gap.segment, gap.offset, null)]);
  }
  return places;
}

export function showVerdict(store, {title, contents, onJump}) {
  const {summary} = store;
  const {verdict} = summary;
  $('verdict').className = colours[verdict.code] || 'warn';
  $('verdict-title').textContent = headlines[verdict.code] || verdict.code;
  $('verdict-code').replaceChildren(...withCode(verdict.text));
  $('verdict-code').hidden = verdict.code !== 'gaps' && verdict.code !== 'records_missing';
  $('verdict-store').textContent = title;
  $('verdict-trouble').replaceChildren(...withCode(verdict.trouble));
  $('verdict-trouble').hidden = verdict.trouble === '';
  $('verdict-watermark').textContent = `Watermark: ${verdict.watermark} (${verdict.watermark_means}).`;
  const dots = contents.noDotFiles ? ' No file that begins with a dot came along: browsers may leave them out. ' +
    'Without .watermark a torn tail cannot be told from damage below a lost sync.' : '';
  $('verdict-notes').textContent = (contents.words || '') + dots;
  $('verdict-keys').hidden = store.knowsKeys;
  $('facts').replaceChildren(...facts(summary, store).map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value))));
  const places = jumps(summary, onJump);
  const list = places.slice(0, 200).map(([words, onclick]) =>
    element('li', {}, element('button', {type: 'button', className: 'link', onclick}, words)));
  if (places.length > 200 || summary.stretches_left_out > 0) {
    list.push(element('li', {}, `and ${number(Math.max(0, places.length - 200) + summary.stretches_left_out)} more`));
  }
  $('places').replaceChildren(...list);
  $('places-section').hidden = places.length === 0;
}
