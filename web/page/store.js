// What is known of a store: of one that was read here, or of a report without segments.

import {bytesOfBase64} from './format.js';
import {states} from './format.js';

export class Store {
  // `read`: {summary, rows, client, files}; a report has only a summary.
  constructor({summary, rows = null, client = null, files = []}) {
    Object.assign(this, {summary, rows, client});
    this.knowsKeys = summary.knows_keys;
    this.quarantined = files.filter(file => file.name.includes('.dwal.torn-')).map(({name, size}) => ({name, size}));
    this.newest = (summary.newest || []).map(one => ({
      ...one,
      txid: typeof one.txid === 'string' ? BigInt(one.txid) : one.txid,
      head: one.key === undefined ? null : {
        key: bytesOfBase64(one.key),
        keyLen: one.key_len,
        payload: one.value === undefined ? new Uint8Array() : bytesOfBase64(one.value),
        payloadLen: one.value_len,
      },
    }));
    this.bySegment = new Map();
    for (const one of summary.stretches) {
      if (!this.bySegment.has(one.segment)) this.bySegment.set(one.segment, []);
      this.bySegment.get(one.segment).push(one);
    }
    this.counts = new Map(summary.stat.per_segment.map(one => [one.segment, one]));
  }

  get count() { return this.rows ? this.rows.count : this.newest.length; }

  record(n) {
    if (!this.rows) return this.newest[n];
    const {rows} = this;
    return {segment: rows.segment(n), offset: rows.offset(n), len: rows.len(n), txid: rows.txid(n), type: rows.type(n),
      state: rows.state(n), head: null};
  }

  // The names of the states that some record has.
  statesThere() {
    const names = new Set();
    for (const counts of this.summary.sizes) counts.forEach((count, s) => count > 0 && names.add(this.nameOfState(s)));
    return states.filter(name => names.has(name));
  }

  // Without keys nobody knows which Put lives.
  nameOfState(state) {
    const name = states[state];
    return !this.knowsKeys && (name === 'live' || name === 'dead') ? 'put' : name;
  }

  stretchesOf(segment) { return this.bySegment.get(segment) || []; }
  gapsOf(segment) { return this.summary.verify.gaps.filter(gap => gap.segment === segment); }
  countsOf(segment) { return this.counts.get(segment); }

  // Bytes of the file around a stretch: {begin, bytes}, or null.
  async bytes(stretch, begin, end) {
    if (this.client) {
      const name = String(stretch.segment).padStart(8, '0') + '.dwal';
      return {begin, bytes: await this.client.ask('bytes', {name, begin, end})};
    }
    const kept = (this.summary.hex || []).find(one => one.segment === stretch.segment && one.stretch === stretch.begin);
    return kept ? {begin: kept.begin, bytes: bytesOfBase64(kept.bytes)} : null;
  }
}
