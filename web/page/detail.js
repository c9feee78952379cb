// One record, or the bytes of a damaged place.

import {$, download, element, withCode} from './dom.js';
import {asText, hexOf, number, segmentName, size, stateNames, states, typeNames, visible} from './format.js';

const SHOWN = 64 * 1024;

const headerFields = [
  [0, 4, 'magic'], [4, 2, 'version'], [6, 1, 'type'], [7, 1, 'flags'], [8, 8, 'txid'], [16, 4, 'key_len'], [20, 4, 'payload_len'],
];

// Sixteen bytes a line. `fieldAt(offset)`: the name of the header's field there, or ''; `zoneAt(offset)`: a class for its bytes.
export function hexDump(bytes, begin, fieldAt = () => '', zoneAt = () => '') {
  const out = document.createDocumentFragment();
  for (let at = 0; at < bytes.length; at += 16) {
    out.append((begin + at).toString(16).padStart(10, '0') + '  ');
    const line = bytes.subarray(at, at + 16);
    let run = '';
    let name = null;
    const flush = () => {
      if (run === '') return;
      const [field, zone] = name.split('|');
      out.append(field || zone ? element('span', {className: `${field ? 'field' : ''} ${zone}`, title: field}, run) : run);
      run = '';
    };
    line.forEach((byte, i) => {
      const next = `${fieldAt(begin + at + i)}|${zoneAt(begin + at + i)}`;
      if (next !== name) flush();
      name = next;
      run += byte.toString(16).padStart(2, '0') + (i === 7 ? '  ' : ' ');
    });
    flush();
    out.append(' '.repeat((16 - line.length) * 3 + (line.length <= 7 ? 1 : 0) + 1));
    out.append(Array.from(line, byte => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·').join('') + '\n');
  }
  return out;
}

function asJson(text) {
  try {
    return text !== null && text.length < 1e6 ? JSON.stringify(JSON.parse(text), null, 2) : null;
  } catch {
    return null;
  }
}

function bytesAs(how, bytes, isCut) {
  const text = asText(bytes, isCut);
  if (how === 'json') return asJson(text) ?? 'This is no JSON.';
  if (how === 'text' && text !== null) return visible(text);
  if (how === 'text') return 'This is no text (UTF-8): look at it as hex.';
  return hexDump(bytes, 0);
}

export class Detail {
  constructor() {
    for (const button of document.querySelectorAll('[name=as]')) button.onchange = () => this.draw();
  }

  clear() {
    this.shown = null;
    $('detail-title').textContent = 'A record';
    $('detail-facts').replaceChildren();
    $('detail-value').textContent = 'Choose a record in the table, or a place on the map.';
    $('detail-key').textContent = '';
    $('detail-download').hidden = true;
    $('as').hidden = true;
  }

  facts(pairs) {
    $('detail-facts').replaceChildren(...pairs.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, ...withCode(value))]));
  }

  async record(store, row) {
    const one = store.record(row);
    this.clear();
    const {txid} = one;
    $('detail-title').textContent = `${typeNames[one.type]}, txid ${number(txid)}`;
    const facts = [['state', stateNames[states.indexOf(store.nameOfState(one.state))]],
      ['place', `${segmentName(one.segment)}, byte ${number(one.offset)}`], ['length', `${number(one.len)} bytes`]];
    this.facts(facts);
    let parts = one.head;
    if (store.client) {
      $('detail-value').textContent = 'reading …';
      parts = await store.client.ask('record', {row, len: one.len, most: SHOWN});
    }
    if (!parts) {
      $('detail-value').textContent = store.client
        ? 'It cannot be read any more: the file has changed since it was chosen.' : 'This report has no values.';
      return;
    }
    const total = parts.payloadLen ?? parts.payload.length;
    facts.push(['key', `${number(parts.keyLen ?? parts.key.length)} bytes`], ['value', `${number(total)} bytes`]);
    if (parts.crc !== undefined) facts.push(['crc32c', parts.crc.toString(16).padStart(8, '0')]);
    this.facts(facts);
    this.shown = {parts, isCut: total > parts.payload.length, total};
    $('as').hidden = false;
    $('detail-download').hidden = !store.client;
    $('detail-download').onclick = async () => {
      const whole = await store.client.ask('record', {row, len: one.len, most: Infinity});
      if (whole) download(`txid-${txid}.bin`, new Blob([whole.payload]));
    };
    const text = asText(parts.payload, this.shown.isCut);
    const best = text === null ? 'hex' : asJson(text) !== null && /^\s*[[{]/.test(text) ? 'json' : 'text';
    document.querySelector(`[name=as][value=${best}]`).checked = true;
    this.draw();
  }

  draw() {
    if (!this.shown) return;
    const how = document.querySelector('[name=as]:checked').value;
    const {parts, isCut, total} = this.shown;
    const keyText = asText(parts.key);
    $('detail-key').replaceChildren(how === 'hex' ? hexDump(parts.key, 0) : keyText === null ? 'hex:' + hexOf(parts.key) : visible(keyText));
    $('detail-value').replaceChildren(bytesAs(how, parts.payload, isCut));
    if (isCut) $('detail-value').append(`\n… cut: the first ${size(parts.payload.length)} of ${size(total)}`);
  }

  async stretch(store, stretch) {
    this.clear();
    const names = {torn: 'A torn tail', damaged: 'Damage', reserved: 'Reserved zeros', unfinished: 'Being written'};
    const words = {
      torn: 'What a crash left of a write. Nothing that was synced: there is nothing to do, the next writer sets it aside.',
      damaged: 'Bytes that are in no record. What is behind it in violet is whole, and `datawal repair DIR --salvage OUT` brings it.',
      reserved: 'Room that a writer has reserved. Nothing is wrong.',
      unfinished: 'A writer was appending when this was looked at.',
    };
    $('detail-title').textContent = names[stretch.kind];
    this.facts([['place', `${segmentName(stretch.segment)}, bytes ${number(stretch.begin)} to ${number(stretch.end)}`],
      ['length', `${number(stretch.end - stretch.begin)} bytes`], ...(stretch.reason ? [['reason', stretch.reason]] : []),
      ['meaning', words[stretch.kind]]]);
    const before = Math.max(0, stretch.begin - 32);
    const most = Math.min(stretch.end + 32, stretch.begin + 4096);
    const got = await store.bytes(stretch, before, most);
    if (!got) {
      $('detail-value').textContent = 'Its bytes are not in this report.';
      return;
    }
    const fieldAt = offset => {
      const at = offset - stretch.begin;
      if (stretch.kind === 'reserved' || at < 0 || at >= 24) return '';
      return headerFields.find(([first, len]) => at < first + len)[2];
    };
    const zoneAt = offset => offset >= stretch.begin && offset < stretch.end ? `zone-${stretch.kind}` : '';
    const legend = stretch.kind === 'reserved' ? '' :
      'Where a record should begin: ' + headerFields.map(([first, len, name]) => `${name} (${first}..${first + len - 1})`).join(', ') + '\n\n';
    $('detail-value').replaceChildren(legend, hexDump(got.bytes, got.begin, fieldAt, zoneAt));
    if (got.begin + got.bytes.length < stretch.end) $('detail-value').append('… and so on');
  }
}
