// The table of records: as many rows as there are, of which only those in sight exist.

import {$, element} from './dom.js';
import {bytesOfHex, includes, inOneLine, number, stateNames, states, typeNames} from './format.js';

const ROW = 24;
// Browsers draw nothing beyond some 17 million pixels; a taller table scrolls in larger steps.
const TALLEST = 12e6;

// The columns before key and value, as wide as the longest that may stand in them, so that most is left for those two.
function columnsOf(store) {
  const {segments, sizes, verify} = store.summary;
  const largest = segments.reduce((most, one) => Math.max(most, one.bytes), 0);
  const state = Math.max(5, ...store.statesThere().map(name => stateNames[states.indexOf(name)].length));
  const widths = [number(verify.last_txid_seen).length, 6, state + 3, `${segments.at(-1)?.id ?? 0}:${largest}`.length,
    number(2 ** sizes.length).length];
  return widths.map(width => `${Math.max(5, width)}ch`).join(' ');
}

export class Table {
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.grid = $('table');
    this.grid.addEventListener('scroll', () => this.draw());
    this.grid.addEventListener('keydown', event => this.key(event));
    this.heads = new Map();
    addEventListener('resize', () => this.draw());
  }

  show(store) {
    this.store = store;
    this.heads.clear();
    this.shown = null;  // null: all, else row numbers
    this.current = 0;
    this.grid.scrollTop = 0;
    this.grid.style.setProperty('--columns', columnsOf(store));
    this.draw();
  }

  get count() {
    if (!this.store) return 0;
    return this.shown ? this.shown.length : this.store.count;
  }
  row(k) { return this.shown ? this.shown[k] : k; }

  filter(rows) {
    this.shown = rows;
    this.current = 0;
    this.grid.scrollTop = 0;
    this.draw();
  }

  // Brings a row into sight, if it is among those shown.
  reveal(row) {
    let k = row;
    if (this.shown) {
      k = this.shown.indexOf(row);
      if (k < 0) return;
    }
    this.current = k;
    const tall = Math.min(this.count * ROW, TALLEST);
    const room = this.grid.clientHeight;
    const ratio = (this.count * ROW - room) / Math.max(1, tall - room);
    const top = Math.max(0, k * ROW - room / 2);
    this.grid.scrollTop = ratio > 1 ? top / ratio : top;
    this.draw();
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.grid.clientHeight / ROW) - 1);
    const steps = {ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity};
    if (event.key === 'Enter') {
      if (this.count > 0) this.onChoose(this.row(this.current));
    } else if (event.key in steps) {
      this.current = Math.max(0, Math.min(this.count - 1, this.current + steps[event.key]));
      const row = this.row(this.current);
      this.reveal(row);
      this.onChoose(row);
    } else {
      return;
    }
    event.preventDefault();
  }

  draw() {
    if (!this.store) return;
    const {grid} = this;
    const count = this.count;
    const room = grid.clientHeight;
    const full = count * ROW;
    const tall = Math.min(full, TALLEST);
    const ratio = full > tall ? (full - room) / (tall - room) : 1;
    const top = grid.scrollTop * ratio;
    const first = Math.max(0, Math.floor(top / ROW));
    const behind = Math.min(count, first + Math.ceil(room / ROW) + 1);
    const rows = [];
    for (let k = first; k < behind; ++k) rows.push(this.rowElement(k, grid.scrollTop + (k * ROW - top)));
    $('table-body').style.height = `${tall}px`;
    $('table-body').replaceChildren(...rows);
    grid.setAttribute('aria-rowcount', count);
    if (count > 0) grid.setAttribute('aria-activedescendant', `row-${this.current}`);
    this.fetch(first, behind);
  }

  rowElement(k, y) {
    const one = this.store.record(this.row(k));
    const head = this.heads.get(this.row(k)) || one.head;
    const cell = (text, className = '') => element('span', {className, role: 'gridcell'}, text);
    const state = this.store.nameOfState(one.state);
    const made = element('div', {className: 'row', id: `row-${k}`, role: 'row', onclick: () => {
      this.current = k;
      this.onChoose(this.row(k));
      this.draw();
    }},
    cell(number(one.txid), 'right'),
    cell(typeNames[one.type]),
    cell(stateNames[states.indexOf(state)], 'state state-' + state),
    cell(`${one.segment}:${one.offset}`), cell(number(one.len), 'right'),
    cell(head ? inOneLine(head.key) : ''), cell(head ? inOneLine(head.payload) : ''));
    made.style.transform = `translateY(${y}px)`;
    made.setAttribute('aria-rowindex', k + 1);
    made.setAttribute('aria-selected', k === this.current);
    return made;
  }

  // Keys and the beginnings of values come from the worker, for the rows that stayed in sight.
  async fetch(first, behind) {
    const {store} = this;
    if (!store.client) return;
    const wanted = [];
    for (let k = first; k < behind; ++k) if (!this.heads.has(this.row(k))) wanted.push(this.row(k));
    if (wanted.length === 0 || this.isFetching) return;
    this.isFetching = true;
    try {
      const heads = await store.client.ask('heads', {rows: wanted.map(row => ({row, len: store.rows.len(row)}))});
      if (this.heads.size > 5000) this.heads.clear();
      wanted.forEach((row, i) => this.heads.set(row, heads[i]));
    } catch {
      return;  // the reader was stopped
    } finally {
      this.isFetching = false;
    }
    if (store === this.store) this.draw();
  }
}

// The needle as bytes; null if it is no hex.
function needleOf(text, isHex) {
  return isHex ? bytesOfHex(text) : new TextEncoder().encode(text);
}

// As a BigInt, which is exact; null: none was given.
function txidOf(text) {
  const digits = text.replace(/[,_\s]/g, '');
  if (digits === '') return null;
  if (/\D/.test(digits)) throw new Error('a txid is a number');
  return BigInt(digits);
}

// The rows that the form asks for; null: all. `isCurrent()` turns false when somebody asked for others.
export async function filtered(store, form, isCurrent, onProgress) {
  const value = name => form.elements[name].value;
  const type = value('type');
  const state = value('state');
  const from = txidOf(value('from')) ?? 0n;
  const to = txidOf(value('to'));
  const prefix = needleOf(value('prefix'), false);
  const needle = needleOf(value('text'), form.elements.hex.checked);
  if (needle === null) throw new Error('that is no hex: two digits a byte');
  const isPlain = type === '' && state === '' && from === 0n && to === null;
  if (isPlain && prefix.length === 0 && needle.length === 0) return null;
  const fits = row => {
    const one = store.record(row);
    return (type === '' || one.type === Number(type)) && (state === '' || store.nameOfState(one.state) === state) &&
      one.txid >= from && (to === null || one.txid <= to);
  };
  const found = [];
  if (prefix.length === 0 && needle.length === 0) {
    for (let row = 0; row < store.count; ++row) {
      if (fits(row)) found.push(row);
      if (row % 500000 === 499999) {
        onProgress(row / store.count);
        await new Promise(resolve => setTimeout(resolve));
        if (!isCurrent()) return undefined;
      }
    }
  } else if (store.client) {
    for (let first = 0; first < store.count;) {
      const slice = await store.client.ask('search', {prefix, needle, first, limit: 1e6, bytes: 32e6});
      if (!isCurrent()) return undefined;
      for (const row of slice.rows) if (isPlain || fits(row)) found.push(row);
      first = slice.next;
      onProgress(first / store.count);
    }
  } else {
    for (let row = 0; row < store.count; ++row) {
      const {head} = store.record(row);
      if (!head || !fits(row) || !prefix.every((byte, i) => head.key[i] === byte)) continue;
      if (includes(head.key, needle) || includes(head.payload, needle)) found.push(row);
    }
  }
  return Uint32Array.from(found);
}
