'use strict';
// The worker: the library, and below it the page's files. Every call of the library is synchronous, which is what FileReaderSync is for.

// A slice costs the browser a millisecond or more, so what is read is large, and kept outside of the module's memory.
const BLOCK = 16 << 20;
const KEPT_BYTES = 1 << 30;

class Files {
  constructor() {
    this.reader = typeof FileReaderSync === 'undefined' ? null : new FileReaderSync();
    this.bytesRead = 0;
    this.give([]);
  }

  give(list) {
    this.list = list;
    this.kept = list.map(() => []);  // of each file its blocks, as far as they are kept: {bytes, used}
    this.keptBytes = 0;
    this.clock = 0;
  }

  slice(file, begin, end) {
    if (file.bytes) {  // the zeros at the end of an embedded file are left out
      const there = file.bytes.subarray(begin, end);
      if (there.length === end - begin) return there;
      const whole = new Uint8Array(end - begin);
      whole.set(there);
      return whole;
    }
    this.bytesRead += end - begin;
    if (file.readAt) return file.readAt(begin, end - begin);
    return new Uint8Array(this.reader.readAsArrayBuffer(file.blob.slice(begin, end)));
  }

  block(number, n) {
    let block = this.kept[number][n];
    if (!block) {
      const file = this.list[number];
      while (this.keptBytes + Math.min(file.size, BLOCK) > KEPT_BYTES) this.forgetOne();
      block = {bytes: this.slice(file, n * BLOCK, Math.min(file.size, (n + 1) * BLOCK)), used: 0};
      this.kept[number][n] = block;
      this.keptBytes += block.bytes.length;
    }
    block.used = ++this.clock;
    return block.bytes;
  }

  // The block that was not used for longest.
  forgetOne() {
    let oldest = null;
    this.kept.forEach((blocks, number) => blocks.forEach((block, n) => {
      if (block && (!oldest || block.used < oldest.used)) oldest = {number, n, used: block.used};
    }));
    this.keptBytes -= this.kept[oldest.number][oldest.n].bytes.length;
    this.kept[oldest.number][oldest.n] = undefined;
  }

  // Into `memory` from `into` on. How many bytes were put there; fewer than asked for where the file gives no more.
  read(number, offset, memory, into, len) {
    let done = 0;
    while (done < len) {
      const at = offset + done;
      const n = Math.floor(at / BLOCK);
      const bytes = this.block(number, n);
      const from = at - n * BLOCK;
      const part = Math.min(len - done, bytes.length - from);
      if (part <= 0) break;
      if (part > 256) {
        memory.set(bytes.subarray(from, from + part), into + done);
      } else {  // views of few bytes cost more than the bytes
        for (let i = 0; i < part; ++i) memory[into + done + i] = bytes[from + i];
      }
      done += part;
    }
    return done;
  }
}

// Files that salvage makes: lists of pieces.
class MadeFiles {
  constructor() {
    this.pieces = [];
  }
  append(number, bytes) {
    (this.pieces[number] ||= []).push(bytes.slice());
  }
  cut(number, size) {
    const whole = new Uint8Array(this.size(number));
    let at = 0;
    for (const piece of this.pieces[number] || []) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.pieces[number] = [whole.slice(0, size)];
  }
  size(number) {
    return (this.pieces[number] || []).reduce((sum, piece) => sum + piece.length, 0);
  }
}

class Library {
  constructor(onProgress) {
    this.files = new Files();
    this.made = new MadeFiles();
    this.onProgress = onProgress;
    this.view = new Uint8Array(0);
  }

  async start(module) {
    const wasi = (_, name) => (...args) => {
      if (name === 'clock_time_get') {
        new DataView(this.memory.buffer).setBigUint64(args[2], BigInt(Math.round(performance.now() * 1e6)), true);
        return 0;
      }
      if (name === 'proc_exit') throw new Error('the library stopped');
      return 52;  // no such call
    };
    const host = {
      read_at: (number, offset, into, len) => {
        try {
          return this.files.read(number, offset, this.bytes(), into >>> 0, len);
        } catch (error) {
          if (error instanceof RangeError) throw error;  // no memory for the block
          return -1;  // the file has changed, or is gone
        }
      },
      append: (number, from, len) => this.made.append(number, this.bytes().subarray(from >>> 0, (from >>> 0) + len)),
      cut: (number, size) => this.made.cut(number, size),
      progress: (done, total) => this.onProgress(done, total),
      out_of_memory: () => {
        throw new RangeError('out of memory');
      },
    };
    const imports = {host, wasi_snapshot_preview1: new Proxy({}, {get: wasi})};
    const instance = await WebAssembly.instantiate(module, imports);
    this.call = (instance.instance || instance).exports;
    this.memory = this.call.memory;
    this.call._initialize();
  }

  // The module's memory; another object whenever it has grown.
  bytes() {
    if (this.view.buffer !== this.memory.buffer) this.view = new Uint8Array(this.memory.buffer);
    return this.view;
  }

  with(text, use) {
    const bytes = text instanceof Uint8Array ? text : new TextEncoder().encode(text);
    const at = this.call.dw_alloc(Math.max(1, bytes.length)) >>> 0;
    this.bytes().set(bytes, at);
    const result = use(at, bytes.length);
    this.call.dw_free(at);
    return result;
  }

  textAt(pointer) {
    const bytes = this.bytes();
    const begin = pointer >>> 0;
    return new TextDecoder().decode(bytes.subarray(begin, bytes.indexOf(0, begin)));
  }

  // Makes what is in `files` the store: [{name, size, modified, blob | bytes | readAt}].
  give(name, files, areOriginals) {
    this.files.give(files);
    this.with(name, (at, len) => this.call.dw_start(at, len));
    for (const file of files) this.with(file.name, (at, len) => this.call.dw_give(at, len, file.size, file.modified));
    if (areOriginals) this.call.dw_are_originals();
  }

  survey(readsKeys, maxIndexBytes) {
    return JSON.parse(this.textAt(this.call.dw_survey(readsKeys ? 1 : 0, maxIndexBytes)));
  }

  // Twenty bytes a row, in blocks of ROWS: offsets and txids as doubles, then length, type and state in one number.
  rowBlocks() {
    const blocks = [];
    for (let first = 0; first < this.call.dw_row_count(); first += 65536) {
      const at = this.call.dw_row_block(first / 65536) >>> 0;
      blocks.push(this.memory.buffer.slice(at, at + 65536 * 20));
    }
    return blocks;
  }

  frame(row, len) {
    const at = this.call.dw_record(row) >>> 0;
    return at === 0 ? null : this.bytes().subarray(at, at + len);
  }
}

const headerLen = 24;
const crcLen = 4;

// Key and payload of a frame, without more than `most` bytes of the payload.
function partsOf(frame, most) {
  const header = new DataView(frame.buffer, frame.byteOffset, headerLen);
  const keyLen = header.getUint32(16, true);
  const payloadLen = header.getUint32(20, true);
  const begin = headerLen + keyLen;
  return {
    txid: header.getBigUint64(8, true),
    key: frame.slice(headerLen, begin),
    payload: frame.slice(begin, begin + Math.min(payloadLen, most)),
    payloadLen,
    crc: new DataView(frame.buffer, frame.byteOffset + frame.length - crcLen, crcLen).getUint32(0, true),
  };
}

// What the page may ask for.
const commands = {
  open(library, {name, files, areOriginals, readsKeys, maxIndexBytes}) {
    library.give(name, files, areOriginals);
    const began = performance.now();
    const summary = library.survey(readsKeys, maxIndexBytes);
    if (summary.failed) return {summary, blocks: []};
    summary.milliseconds = performance.now() - began;
    summary.bytes_read = library.files.bytesRead;
    const blocks = library.rowBlocks();
    summary.memory_bytes = library.memory.buffer.byteLength + blocks.length * 65536 * 20;
    return {summary, count: library.call.dw_row_count(), blocks};
  },
  record(library, {row, len, most}) {
    const frame = library.frame(row, len);
    return frame && partsOf(frame, most);
  },
  // The first bytes of keys and payloads, for rows that are in sight.
  heads(library, {rows}) {
    return rows.map(({row, len}) => {
      const frame = library.frame(row, len);
      if (!frame) return null;
      const parts = partsOf(frame, 200);  // more than a line shows, so that it can tell what is cut
      return {txid: parts.txid, key: parts.key.slice(0, 200), payload: parts.payload};
    });
  },
  bytes(library, {name, begin, end}) {
    const number = library.files.list.findIndex(file => file.name === name);
    const into = new Uint8Array(Math.max(0, Math.min(end, library.files.list[number].size) - begin));
    return into.subarray(0, library.files.read(number, begin, into, 0, into.length));
  },
  // Looks at some of the records, and says where to go on.
  search(library, {prefix, needle, first, limit, bytes}) {
    return library.with(prefix, (p, pLen) => library.with(needle, (n, nLen) => {
      const at = library.call.dw_search(p, pLen, n, nLen, first, limit, bytes) >>> 0;
      const count = new Float64Array(library.memory.buffer, at, 1)[0];
      const numbers = new Float64Array(library.memory.buffer, at, 2 + count);
      return {next: numbers[1], rows: Uint32Array.from(numbers.subarray(2))};
    }));
  },
  lines(library, {rows, forImport}) {
    const parts = [];
    let missing = 0;
    for (const row of rows) {
      const at = library.call.dw_line(row, forImport ? 1 : 0) >>> 0;
      if (at === 0) ++missing;
      else parts.push(library.textAt(at));
    }
    return {text: parts.join(''), missing};
  },
  salvage(library) {
    library.made = new MadeFiles();
    const report = JSON.parse(library.textAt(library.call.dw_salvage()));
    if (report.failed) return {report, files: []};
    const files = report.files.map((name, number) => ({name, blob: new Blob(library.made.pieces[number] || [])}));
    return {report, files: files.filter(file => file.name !== '.lock')};
  },
  // Once more from what is in memory, for its time.
  again(library) {
    const began = performance.now();
    library.survey(true, 1.5e9);
    return {summary: {milliseconds: performance.now() - began}};
  },
  // How fast the browser hands over the files, with nothing else.
  readRate(library) {
    const files = library.files.list.filter(file => file.blob);
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const began = performance.now();
    for (const file of files) {
      for (let at = 0; at < file.size; at += BLOCK) library.files.slice(file, at, Math.min(file.size, at + BLOCK));
    }
    return total / 1e6 / ((performance.now() - began) / 1e3);
  },
};

if (typeof WorkerGlobalScope !== 'undefined') {
  const library = new Library((done, total) => postMessage({progress: total > 0 ? done / total : 0}));
  onmessage = async ({data: {id, command, given}}) => {
    try {
      if (command === 'start') {
        await library.start(given.module);
        postMessage({id, result: true});
        return;
      }
      const result = commands[command](library, given);
      postMessage({id, result}, result && result.blocks ? result.blocks : []);
    } catch (error) {
      const isMemory = error instanceof RangeError || /memory/i.test(String(error));
      postMessage({id, failed: isMemory ? 'memory' : String(error)});
    }
  };
}
