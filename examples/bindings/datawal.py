"""datawal for Python, by ctypes: keys, values and payloads are bytes. docs/BINDINGS.md says what a binding must know.
The library is the one that DATAWAL_LIBRARY names, else libdatawal.so.1. Handles may be used from any thread; close() comes last.
"""
import ctypes
import os
import threading
from collections.abc import MutableMapping
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p, string_at

_lib = ctypes.CDLL(os.environ.get("DATAWAL_LIBRARY", "libdatawal.so.1"))
_types = {"i": c_int, "I": c_uint32, "Q": c_uint64, "z": c_size_t, "d": ctypes.c_double, "p": c_void_p, "s": c_char_p,
          "path": ctypes.c_char * 512, "text": ctypes.c_char * 1024}
def _struct(name, fields):
    words = [part.split() for part in fields.split(",")]  # "Q offset txid, I segment": two of 64 bits and one of 32
    _types[name] = type(name, (ctypes.Structure,), {"__slots__": (), "_fields_": [(field, _types[of]) for of, *all in words for field in all]})
    return _types[name]
_Error = _struct("Error", "i code os_errno, I segment, Q offset, path path, text message")
Ref = _struct("Ref", "Q offset txid, I segment len crc reserved")
_Record = _struct("Record", "i type, Ref ref, p key, z key_len, p payload, z payload_len")
_Outcome = _struct("Outcome", "Ref previous ref, i is_done had_value")
_Buffer = _struct("Buffer", "p data, z size")
Lost = _struct("Lost", "Q first_txid last_txid, i cause, I reserved")  # cause 0: trimmed, 1: compacted, 2: replaced
_Open = _struct("Open", "z struct_size, Q max_segment_bytes, i write_path read_path sync_policy open_mode, Q sync_interval_ms, "
                "I file_mode directory_mode, i drops_torn_tail allow_network_filesystem, p on_progress progress_context, I open_threads, "
                "i auto_compact, d auto_compact_ratio, Q auto_compact_bytes_per_second, i auto_compact_is_capped, I reserved")
_Bounds = _struct("Bounds", "z struct_size, i order keys_only, s prefix, z prefix_len, s start, z start_len, s after, z after_len, "
                  "s until, z until_len")
_Follow = _struct("Follow", "z struct_size, s cursor_file, p after, i shows_undurable, I poll_interval_ms")
class Error(Exception):  # `name` is that of the code, "locked" for one; the message says what to do
    def __init__(self, code):
        self.code, self.name = code, _lib.datawal_code_name(code).decode()
        super().__init__(_lib.datawal_last_error().contents.message.decode())
def _check(code, *_):
    if code: raise Error(code)
def _declare(result, functions):
    for name, *types in (words.split() for words in functions.split(",")):
        function = getattr(_lib, "datawal_" + name)
        function.argtypes, function.restype = [_types[of] for of in "".join(types)], result
        if result is c_int:
            function.errcheck = _check
# "fsync pp" takes two pointers. An int is a code. The last argument is an error, NULL everywhere: datawal_last_error tells.
_declare(ctypes.POINTER(_Error), "last_error")
_declare(c_char_p, "code_name i, version")
_declare(c_int, "store_open sppp, store_put pszszip, store_get_into pszpzppp, store_put_if pszipszipp, store_erase_if pszipipp, "
         "store_find pszpppp, store_fsync pp, store_close pp, batch_new pp, batch_put pszszp, store_write ppip, "
         "store_cursor_open pppp, store_cursor_next ppp, log_open sppp, log_append pszipp, log_fsync pp, log_close pp, "
         "follower_open sppp, follower_next ppp, follower_wait pIpp, follower_save pp")
_declare(None, "store_free p, store_cursor_free p, batch_free p, log_free p, follower_free p, follower_lost pp, buffer_free p")
_declare(c_uint64, "store_size p")
class _Handle:
    _options = _Open
    def __init__(self, path, **options):
        self._as_parameter_ = c_void_p()  # what a function is handed for this object
        options = {name: os.fsencode(value) if isinstance(value, str) else value for name, value in options.items()}
        options = self._options(ctypes.sizeof(self._options), **options)
        getattr(_lib, f"datawal_{self._kind}_open")(os.fsencode(path), byref(options), byref(self._as_parameter_), None)
    def __del__(self):  # closes what was not closed, without a word about errors; safe in a forked child
        getattr(_lib, f"datawal_{self._kind}_free")(self)
class _Room(threading.local):  # where get puts a value, and what it tells
    def __init__(self):
        self.bytes, self.len, self.found = ctypes.create_string_buffer(4096), c_size_t(), c_int()
_room = _Room()
class Store(_Handle, MutableMapping):
    """A store as a dict, in the order of the keys. Options are the fields of datawal_open_options: Store("kv", auto_compact=1)."""
    _kind = "store"
    def fsync(self):
        _lib.datawal_store_fsync(self, None)
    def close(self):
        _lib.datawal_store_close(self, None)
    def __len__(self):
        return _lib.datawal_store_size(self)
    def __getitem__(self, key):
        room = _room.bytes
        _lib.datawal_store_get_into(self, key, len(key), room, len(room), byref(_room.len), byref(_room.found), None)
        if not _room.found.value:
            raise KeyError(key)
        if _room.len.value <= len(room):
            return string_at(room, _room.len.value)
        _room.bytes = ctypes.create_string_buffer(_room.len.value)
        return self[key]
    def put(self, key, value, sync=False):
        _lib.datawal_store_put(self, key, len(key), value, len(value), sync, None)
    __setitem__ = put
    def __delitem__(self, key):
        outcome = _Outcome()
        _lib.datawal_store_erase_if(self, key, len(key), 0, None, False, byref(outcome), None)
        if not outcome.had_value:
            raise KeyError(key)
    def put_if(self, key, expected, value, sync=False):
        """Puts if the key's newest record is still `expected`, which find() told; None: if it has no value. Whether that was so."""
        ref, outcome = byref(expected) if expected else None, _Outcome()
        _lib.datawal_store_put_if(self, key, len(key), 2 if expected else 1, ref, value, len(value), sync, byref(outcome), None)
        return bool(outcome.is_done)
    def find(self, key):  # the value and what put_if() expects; None twice if it has none
        value, ref, found = _Buffer(), Ref(), c_int()
        _lib.datawal_store_find(self, key, len(key), byref(value), byref(ref), byref(found), None)
        got = (string_at(value.data, value.size), ref) if found.value else (None, None)
        _lib.datawal_buffer_free(byref(value))
        return got
    def write(self, pairs, sync=False):  # puts all of them at once, or after an error none
        batch = c_void_p()
        _lib.datawal_batch_new(byref(batch), None)
        try:
            for key, value in pairs:
                _lib.datawal_batch_put(batch, key, len(key), value, len(value), None)
            _lib.datawal_store_write(self, batch, sync, None)
        finally:
            _lib.datawal_batch_free(batch)
    def scan(self, prefix=b"", keys_only=False):  # of the instant when the first pair is asked for
        bounds = _Bounds(ctypes.sizeof(_Bounds), keys_only=keys_only, prefix=prefix, prefix_len=len(prefix))
        cursor, record = c_void_p(), ctypes.POINTER(_Record)()
        _lib.datawal_store_cursor_open(self, byref(bounds), byref(cursor), None)
        try:
            while _lib.datawal_store_cursor_next(cursor, byref(record), None) is None and record:
                at = record.contents
                yield string_at(at.key, at.key_len), string_at(at.payload, at.payload_len)
        finally:
            _lib.datawal_store_cursor_free(cursor)
    def __iter__(self):
        return (key for key, _ in self.scan(keys_only=True))
class Log(_Handle):  # options as those of Store
    _kind = "log"
    def fsync(self):
        _lib.datawal_log_fsync(self, None)
    def close(self):
        _lib.datawal_log_close(self, None)
    def append(self, payload, sync=False):
        ref = Ref()
        _lib.datawal_log_append(self, payload, len(payload), sync, byref(ref), None)
        return ref
class Follower(_Handle):
    """Shows each durable record of a log once, across restarts if save() is called and cursor_file="..." given: next() gives its txid and
    payload, None where there is none yet, or a Lost, once for each loss. It ends when nobody has it any more."""
    _kind, _options = "follower", _Follow
    def next(self):
        record, lost = ctypes.POINTER(_Record)(), Lost()
        try:
            _lib.datawal_follower_next(self, byref(record), None)
        except Error as error:
            if error.name != "place_lost":
                raise
            _lib.datawal_follower_lost(self, byref(lost))
            return lost
        return (record.contents.ref.txid, string_at(record.contents.payload, record.contents.payload_len)) if record else None
    def wait(self, seconds):
        more = c_int()
        _lib.datawal_follower_wait(self, int(seconds * 1000), byref(more), None)
        return bool(more.value)
    def save(self):
        _lib.datawal_follower_save(self, None)
