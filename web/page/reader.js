'use strict';
// The worker: the library, and below it the page's files. Every call of the library is synchronous, which is what FileReaderSync is for.

// A slice costs the browser a millisecond or more, so what is read is large, and kept outside of the module's memory.
const BLOCK = 16 << 20;
const KEPT_BYTES = 1 << 30;
// What is read while the library works on what is there.
const AHEAD_BYTES = 3 * BLOCK;
const AHEAD_READS = 32;

class Files {
  constructor() {
    this.reader = typeof FileReaderSync === 'undefined' ? null : new FileReaderSync();
    this.bytesRead = 0;
    this.give([]);
  }

  give(list) {
    this.list = list;
    this.coming = list.map(() => new Map());  // of each file the blocks that are being read
    this.reads = 0;
    const segments = list.map((file, number) => ({...file, number})).filter(file => /^\d{8}\.dwal$/.test(file.name) && file.size > 0);
    segments.sort((a, b) => a.name < b.name ? -1 : 1);
    this.behind = new Map(segments.map(({number}, i) => [number, segments[i + 1]?.number]));
    this.kept = new Map();  // blocks, the one that was not used for longest first
    this.keptBytes = 0;
    this.newest = null;  // the name of the last one
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

  endOf(number, n) { return Math.min(this.list[number].size, (n + 1) * BLOCK); }

  // A block's name among those that are kept.
  nameOf(number, n) { return number * 2 ** 30 + n; }

  keep(number, n, bytes) {
    for (const [name, oldest] of this.kept) {
      if (this.keptBytes + bytes.length <= KEPT_BYTES) break;
      this.kept.delete(name);
      this.keptBytes -= oldest.length;
    }
    this.keptBytes += bytes.length;
    this.newest = this.nameOf(number, n);
    this.kept.set(this.newest, bytes);
    return bytes;
  }

  block(number, n) {
    const name = this.nameOf(number, n);
    const bytes = this.kept.get(name);
    if (!bytes) return this.keep(number, n, this.slice(this.list[number], n * BLOCK, this.endOf(number, n)));
    if (name !== this.newest) {
      this.kept.delete(name);
      this.kept.set(name, bytes);
      this.newest = name;
    }
    return bytes;
  }

  // Begins to read the block, and those that a survey comes to next. A promise if it is to be waited for.
  await(number, offset) {
    const first = Math.floor(offset / BLOCK);
    for (let [one, n, bytes] = [number, first, 0]; one !== undefined && bytes < AHEAD_BYTES && this.reads < AHEAD_READS;) {
      this.readAhead(one, n);
      bytes += this.endOf(one, n) - n * BLOCK;
      if (this.endOf(one, n) < this.list[one].size) ++n;
      else [one, n] = [this.behind.get(one), 0];
    }
    return this.coming[number].get(first);
  }

  readAhead(number, n) {
    const {blob, size} = this.list[number];
    const coming = this.coming[number];
    if (!blob || n * BLOCK >= size || this.kept.has(this.nameOf(number, n)) || coming.has(n)) return;
    const {list} = this;
    ++this.reads;
    coming.set(n, blob.slice(n * BLOCK, this.endOf(number, n)).arrayBuffer().then(bytes => {
      if (list !== this.list) return;
      this.bytesRead += bytes.byteLength;
      if (!this.kept.has(this.nameOf(number, n))) this.keep(number, n, new Uint8Array(bytes));
    }, () => {}).then(() => {  // what failed is read once more by whoever needs it, and fails there
      coming.delete(n);
      if (list === this.list) --this.reads;
    }));
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

// Whether the library can be left in the middle of a call until something has been read.
const canWait = typeof WebAssembly.Suspending === 'function';

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
      await_at: canWait ? new WebAssembly.Suspending((number, offset) => this.files.await(number, offset)) : () => {},
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
    this.callSurvey = canWait ? WebAssembly.promising(this.call.dw_survey) : this.call.dw_survey;
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

  async survey(readsKeys, maxIndexBytes) {
    return JSON.parse(this.textAt(await this.callSurvey(readsKeys ? 1 : 0, maxIndexBytes, canWait ? 1 : 0)));
  }

  // Twenty bytes a row, in blocks of ROWS: offsets as doubles, txids, then length, type and state in one number.
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
    key: frame.slice(headerLen, begin),
    payload: frame.slice(begin, begin + Math.min(payloadLen, most)),
    payloadLen,
    crc: new DataView(frame.buffer, frame.byteOffset + frame.length - crcLen, crcLen).getUint32(0, true),
  };
}

// What the page may ask for.
const commands = {
  async open(library, {name, files, areOriginals, readsKeys, maxIndexBytes}) {
    library.give(name, files, areOriginals);
    const began = performance.now();
    const summary = await library.survey(readsKeys, maxIndexBytes);
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
      return {key: parts.key.slice(0, 200), payload: parts.payload};
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
  async again(library) {
    const began = performance.now();
    await library.survey(true, 1.5e9);
    return {summary: {milliseconds: performance.now() - began}};
  },
  // verify() of what is in memory, for its time.
  verifyTime(library) {
    const began = performance.now();
    return library.call.dw_verify() < 0 ? NaN : performance.now() - began;
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
  const run = async ({id, command, given}) => {
    try {
      if (command === 'start') {
        await library.start(given.module);
        postMessage({id, result: true});
        return;
      }
      const result = await commands[command](library, given);
      postMessage({id, result}, result && result.blocks ? result.blocks : []);
    } catch (error) {
      const isMemory = error instanceof RangeError || /memory/i.test(String(error));
      postMessage({id, failed: isMemory ? 'memory' : String(error)});
    }
  };
  // One after the other: the library is in the middle of a call while it waits.
  let last = Promise.resolve();
  onmessage = ({data}) => {
    last = last.then(() => run(data));
  };
}
