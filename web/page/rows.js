// Every record of the store, twenty bytes each, in the order of the log. The layout is that of web/src/rows.hpp.

const BITS = 16;
const IN_BLOCK = (1 << BITS) - 1;

export class Rows {
  constructor(blocks, count, firsts) {
    const rows = 1 << BITS;
    this.offsets = blocks.map(block => new Float64Array(block, 0, rows));
    this.txids = blocks.map(block => new Uint32Array(block, 8 * rows, 2 * rows));
    this.packed = blocks.map(block => new Uint32Array(block, 16 * rows, rows));
    this.count = count;
    this.firsts = firsts;  // [segment, its first row]
    this.bySegment = new Map(firsts.map(([segment], i) => [segment, i]));
  }

  offset(n) { return this.offsets[n >>> BITS][n & IN_BLOCK]; }
  // Beyond what a number holds exactly, a BigInt; the two can be compared.
  txid(n) {
    const words = this.txids[n >>> BITS];
    const at = 2 * (n & IN_BLOCK);
    return words[at + 1] < 2 ** 21 ? words[at + 1] * 2 ** 32 + words[at] : BigInt(words[at + 1]) << 32n | BigInt(words[at]);
  }
  len(n) { return this.packed[n >>> BITS][n & IN_BLOCK] & 0x7ffffff; }
  type(n) { return (this.packed[n >>> BITS][n & IN_BLOCK] >>> 27) & 3; }
  state(n) { return this.packed[n >>> BITS][n & IN_BLOCK] >>> 29; }

  segment(n) {
    let low = 0;
    let high = this.firsts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.firsts[middle][1] <= n) low = middle;
      else high = middle;
    }
    return this.firsts[low][0];
  }

  // The rows [first, end) of a segment.
  range(segment) {
    const i = this.bySegment.get(segment);
    if (i === undefined) return [0, 0];
    return [this.firsts[i][1], i + 1 < this.firsts.length ? this.firsts[i + 1][1] : this.count];
  }

  // The last row of the segment that begins at or before `offset`; -1 if there is none.
  at(segment, offset) {
    let [low, high] = this.range(segment);
    if (low === high || this.offset(low) > offset) return -1;
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (this.offset(middle) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  // Bytes by state in `count` columns of [begin, end) of a segment: state by state within a column.
  columns(segment, begin, end, count) {
    const columns = new Float64Array(count * 6);
    const width = (end - begin) / count;
    const [first, behind] = this.range(segment);
    for (let n = Math.max(first, this.at(segment, begin)); n < behind; ++n) {
      const from = Math.max(this.offset(n), begin);
      if (from >= end) break;
      const to = Math.min(this.offset(n) + this.len(n), end);
      const state = this.state(n);
      for (let c = Math.floor((from - begin) / width); c < count; ++c) {
        const left = begin + c * width;
        const bytes = Math.min(to, left + width) - Math.max(from, left);
        if (bytes > 0) columns[c * 6 + state] += bytes;
        if (left + width >= to) break;
      }
    }
    return columns;
  }
}

// The same of a summary, which has columns and no rows.
export function resampled(segment, begin, end, count) {
  const columns = new Float64Array(count * 6);
  const there = segment.columns.length / 6;
  const width = Math.max(1, Math.ceil(segment.bytes / Math.max(1, there)));
  for (let c = 0; c < count; ++c) {
    const middle = begin + (c + 0.5) * (end - begin) / count;
    const from = Math.min(there - 1, Math.floor(middle / width));
    for (let s = 0; s < 6; ++s) columns[c * 6 + s] = segment.columns[from * 6 + s];
  }
  return columns;
}
