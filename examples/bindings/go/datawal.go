// Package datawal is a binding of the C interface, as docs/BINDINGS.md says.
// CGO_CFLAGS and CGO_LDFLAGS say where it is. A Store is for all goroutines, but Close comes last; a Follower is for one at a time.
package datawal

// #cgo LDFLAGS: -ldatawal
// #include <stdlib.h>
// #include <datawal/datawal.h>
import "C"

import (
	"runtime"
	"unsafe"
)

type code = C.datawal_code

// Error is a call that failed: errors.As tells it. Its message says what to do.
type Error struct {
	Code    int
	Message string
}

func (e *Error) Error() string { return e.Message }

// Errors are told to the thread that made the call. The owner's finalizer must not run meanwhile.
func check(owner any, call func() code) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer runtime.KeepAlive(owner)
	if code := call(); code != C.DATAWAL_OK {
		return &Error{int(code), C.GoString(&C.datawal_last_error().message[0])}
	}
	return nil
}

// The bytes of b where C may read them during a call, and how many there are.
func at(b []byte) (unsafe.Pointer, C.size_t) {
	if len(b) == 0 {
		return nil, 0
	}
	return unsafe.Pointer(&b[0]), C.size_t(len(b))
}

// Sync says whether a write waits until it survives a loss of power.
type Sync C.datawal_sync

const ( // and codes of errors
	NoSync, Synced            Sync = C.DATAWAL_NO_SYNC, C.DATAWAL_SYNC
	Locked, Closed, PlaceLost      = C.DATAWAL_LOCKED, C.DATAWAL_CLOSED, C.DATAWAL_PLACE_LOST
)

// A Store is open for writing.
type Store struct{ handle *C.datawal_store }

// Open opens the store in dir, or makes one.
func Open(dir string) (*Store, error) {
	path, s := C.CString(dir), &Store{}
	defer C.free(unsafe.Pointer(path))
	err := check(s, func() code { return C.datawal_store_open(path, nil, &s.handle, nil) })
	runtime.SetFinalizer(s, func(s *Store) { C.datawal_store_free(s.handle) })
	return s, err
}

// Close syncs, and gives the lock back.
func (s *Store) Close() error {
	return check(s, func() code { return C.datawal_store_close(s.handle, nil) })
}

// Put sets the value of a key.
func (s *Store) Put(key, value []byte, sync Sync) error {
	k, kn := at(key)
	v, vn := at(value)
	return check(s, func() code { return C.datawal_store_put(s.handle, k, kn, v, vn, C.datawal_sync(sync), nil) })
}

// Get gives the value of a key in room if it fits, else in memory of its own; nil if the key has none.
func (s *Store) Get(key, room []byte) ([]byte, error) {
	k, kn := at(key)
	if room = room[:cap(room)]; len(room) == 0 {
		room = make([]byte, 64)
	}
	for {
		var size C.size_t
		var found C.int
		r, rn := at(room)
		err := check(s, func() code { return C.datawal_store_get_into(s.handle, k, kn, r, rn, &size, &found, nil) })
		if err != nil || found == 0 {
			return nil, err
		}
		if size <= rn {
			return room[:size], nil
		}
		room = make([]byte, size)
	}
}

// Erase removes a key, and says whether it was there.
func (s *Store) Erase(key []byte, sync Sync) (bool, error) {
	var outcome C.datawal_outcome
	k, kn := at(key)
	err := check(s, func() code {
		return C.datawal_store_erase_if(s.handle, k, kn, C.DATAWAL_EXPECT_ANYTHING, nil, C.datawal_sync(sync), &outcome, nil)
	})
	return outcome.had_value == 1, err
}

// Scan shows the keys that begin with prefix, ascending, and their values, as they are now, until show returns false.
func (s *Store) Scan(prefix []byte, show func(key, value []byte) bool) error {
	var cursor *C.datawal_store_cursor
	// In memory of C's, since it is a pointer in a struct. Zeros are the defaults.
	options := C.datawal_store_cursor_options{prefix: C.CBytes(prefix), prefix_len: C.size_t(len(prefix))}
	defer C.free(options.prefix)
	err := check(s, func() code { return C.datawal_store_cursor_open(s.handle, &options, &cursor, nil) })
	defer func() { C.datawal_store_cursor_free(cursor) }()
	for err == nil {
		var record *C.datawal_record
		if err = check(s, func() code { return C.datawal_store_cursor_next(cursor, &record, nil) }); err != nil || record == nil || !show(bytes(record.key, record.key_len), bytes(record.payload, record.payload_len)) {
			break
		}
	}
	return err
}
func bytes(data *C.char, size C.size_t) []byte { return C.GoBytes(unsafe.Pointer(data), C.int(size)) }

// A Follower shows each durable record of a log once, across restarts of either side.
type Follower struct{ handle *C.datawal_follower }

// Follow begins behind what was saved in cursorFile, or with the first record.
func Follow(dir, cursorFile string) (*Follower, error) {
	path, file, f := C.CString(dir), C.CString(cursorFile), &Follower{}
	defer func() { C.free(unsafe.Pointer(path)); C.free(unsafe.Pointer(file)) }()
	options := C.datawal_follower_options{cursor_file: file}
	err := check(f, func() code { return C.datawal_follower_open(path, &options, &f.handle, nil) })
	runtime.SetFinalizer(f, func(f *Follower) { C.datawal_follower_free(f.handle) })
	return f, err
}

// Next gives the next record, nil where there is none yet. An error of PlaceLost comes once for each loss: call it again.
func (f *Follower) Next() (payload []byte, err error) {
	var record *C.datawal_record
	if err = check(f, func() code { return C.datawal_follower_next(f.handle, &record, nil) }); record != nil {
		payload = bytes(record.payload, record.payload_len)
	}
	return payload, err
}

// Save notes the position in the cursor file, durably.
func (f *Follower) Save() error {
	return check(f, func() code { return C.datawal_follower_save(f.handle, nil) })
}
