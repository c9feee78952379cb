// datawal for Node.js, by koffi: keys, values and payloads are Buffers. docs/BINDINGS.md says what a binding must know.
//
// The library is the one that DATAWAL_LIBRARY names, else libdatawal.so.1. All calls are made in this thread, and wait for the disk.
import koffi from "koffi";

const library = koffi.load(process.env.DATAWAL_LIBRARY ?? "libdatawal.so.1");

const types = { i: "int", I: "uint32_t", Q: "uint64_t", z: "size_t", d: "double", p: "void *", s: "str",
  path: koffi.array("char", 512), text: koffi.array("char", 1024) };
const zeros = {};
function struct(name, fields) { // "Q offset txid, I segment": two of 64 bits and one of 32
  const pairs = fields.split(", ").flatMap((words) => { const [of, ...all] = words.split(" "); return all.map((field) => [field, of]); });
  types[name] = koffi.struct("datawal_" + name, Object.fromEntries(pairs.map(([field, of]) => [field, types[of]])));
  zeros[name] = Object.fromEntries(pairs.map(([field, of]) => [field, "ps".includes(of) ? null : 0]));
  zeros[name].struct_size = koffi.sizeof(types[name]);
}
struct("error", "i code os_errno, I segment, Q offset, path path, text message");
struct("ref", "Q offset txid, I segment len crc reserved");
struct("record", "i type, ref ref, p key, z key_len, p payload, z payload_len");
struct("outcome", "ref previous ref, i is_done had_value");
struct("lost", "Q first_txid last_txid, i cause, I reserved");
struct("open", "z struct_size, Q max_segment_bytes, i write_path read_path sync_policy open_mode, Q sync_interval_ms, I file_mode " +
  "directory_mode, i drops_torn_tail allow_network_filesystem, p on_progress progress_context, I open_threads, i auto_compact, " +
  "d auto_compact_ratio, Q auto_compact_bytes_per_second, i auto_compact_is_capped, I reserved");
struct("bounds", "z struct_size, i order keys_only, p prefix, z prefix_len, p from, z from_len, p after, z after_len, p until, z until_len");
struct("follow", "z struct_size, s cursor_file, p after, i shows_undurable, I poll_interval_ms");

const lastError = library.func("datawal_error *datawal_last_error()");
const codeName = library.func("str datawal_code_name(int)");

/** A call failed. `code` is the name of its code, "locked" for one; the message says what to do. */
export class DatawalError extends Error {
  constructor(code) {
    super(koffi.decode(lastError(), types.error).message);
    this.code = codeName(code);
  }
}

/** The function of a declaration without "int datawal_" and the error, which is NULL. It throws what fails. */
function call(declaration) {
  const f = library.func(`int datawal_${declaration.slice(0, -1)}, void *error)`);
  return (...given) => {
    const code = f(...given, null);
    if (code !== 0) throw new DatawalError(code);
  };
}

const bytes = "const void *, size_t";
const api = {
  open: call("store_open(const char *, datawal_open *, _Out_ void **)"),
  put: call(`store_put(void *, ${bytes}, ${bytes}, int)`),
  getInto: call(`store_get_into(void *, ${bytes}, void *, size_t, _Out_ size_t *, _Out_ int *)`),
  eraseIf: call(`store_erase_if(void *, ${bytes}, int, void *, int, _Out_ datawal_outcome *)`),
  putIf: call(`store_put_if(void *, ${bytes}, int, datawal_ref *, ${bytes}, int, _Out_ datawal_outcome *)`),
  refOf: call(`store_ref_of(void *, ${bytes}, _Out_ datawal_ref *, _Out_ int *)`),
  sync: call("store_fsync(void *)"),
  close: call("store_close(void *)"),
  scan: call("store_cursor_open(void *, datawal_bounds *, _Out_ void **)"),
  scanNext: call("store_cursor_next(void *, _Out_ void **)"),
  follow: call("follower_open(const char *, datawal_follow *, _Out_ void **)"),
  followNext: call("follower_next(void *, _Out_ void **)"),
  followSave: call("follower_save(void *)"),
  lost: library.func("void datawal_follower_lost(void *, _Out_ datawal_lost *)"),
  size: library.func("uint64_t datawal_store_size(void *)"),
};
const free = Object.fromEntries(["store", "store_cursor", "follower"].map((kind) => [kind, library.func(`void datawal_${kind}_free(void *)`)]));
// What is not closed is freed when it is collected, without a word about errors.
const registry = new FinalizationRegistry(({ kind, handle }) => free[kind](handle));

function opened(owner, kind, open) {
  const handle = [null];
  open(handle);
  registry.register(owner, { kind, handle: handle[0] });
  return handle[0];
}

const copied = (at, size) => (Number(size) === 0 ? Buffer.alloc(0) : Buffer.from(koffi.decode(at, koffi.array("uint8_t", Number(size), "Typed"))));

export class Store {
  #handle;
  #room = Buffer.alloc(4096);
  /** @param given  fields of datawal_open_options: { auto_compact: 1 } */
  constructor(dir, given = {}) {
    this.#handle = opened(this, "store", (out) => api.open(dir, { ...zeros.open, ...given }, out));
  }
  get size() { return Number(api.size(this.#handle)); }
  put(key, value, sync = false) { api.put(this.#handle, key, key.length, value, value.length, sync ? 1 : 0); }
  get(key) { // undefined if it has no value
    const [length, found] = [[0], [0]];
    api.getInto(this.#handle, key, key.length, this.#room, this.#room.length, length, found);
    if (found[0] === 0) return undefined;
    if (length[0] <= this.#room.length) return Buffer.from(this.#room.subarray(0, length[0]));
    this.#room = Buffer.alloc(length[0]);
    return this.get(key);
  }
  erase(key, sync = false) { // whether the key was there
    const outcome = {};
    api.eraseIf(this.#handle, key, key.length, 0, null, sync ? 1 : 0, outcome);
    return outcome.had_value === 1;
  }
  refOf(key) { // what putIf expects; undefined if it has no value
    const [ref, found] = [{}, [0]];
    api.refOf(this.#handle, key, key.length, ref, found);
    return found[0] === 1 ? ref : undefined;
  }
  /** Puts if the key's newest record is still `expected`; undefined: if it has no value. Whether that was so. */
  putIf(key, expected, value, sync = false) {
    const outcome = {};
    api.putIf(this.#handle, key, key.length, expected ? 2 : 1, expected ?? null, value, value.length, sync ? 1 : 0, outcome);
    return outcome.is_done === 1;
  }
  *scan(prefix = Buffer.alloc(0)) { // pairs, ascending, of the instant when the first is asked for
    const cursor = [null];
    api.scan(this.#handle, { ...zeros.bounds, prefix, prefix_len: prefix.length }, cursor);
    try {
      for (const at = [null]; api.scanNext(cursor[0], at), at[0] !== null;) {
        const record = koffi.decode(at[0], types.record);
        yield [copied(record.key, record.key_len), copied(record.payload, record.payload_len)];
      }
    } finally {
      free.store_cursor(cursor[0]);
    }
  }
  fsync() { api.sync(this.#handle); }
  close() { api.close(this.#handle); }
}

/** Shows each durable record of a log once, across restarts if save() is called. */
export class Follower {
  #handle;
  constructor(dir, cursorFile = null) {
    this.#handle = opened(this, "follower", (out) => api.follow(dir, { ...zeros.follow, cursor_file: cursorFile }, out));
  }
  /** { txid, key, payload }, null where there is none yet, or once for each loss { lost: { first_txid, last_txid, cause } }. */
  next() {
    const at = [null];
    try {
      api.followNext(this.#handle, at);
    } catch (error) {
      if (error.code !== "place_lost") throw error;
      const lost = {};
      api.lost(this.#handle, lost);
      return { lost };
    }
    if (at[0] === null) return null;
    const record = koffi.decode(at[0], types.record);
    return { txid: record.ref.txid, key: copied(record.key, record.key_len), payload: copied(record.payload, record.payload_len) };
  }
  save() { api.followSave(this.#handle); }
}
