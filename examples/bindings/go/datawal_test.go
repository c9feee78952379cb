package datawal

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func is(err error, code int) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Code == code
}

func expect(t *testing.T, s *Store, key, want string) {
	t.Helper()
	if got, err := s.Get([]byte(key), nil); err != nil || got == nil || string(got) != want {
		t.Errorf("%q: %q, %v; want %q", key, got, err, want)
	}
}

func TestAStoreKeepsValuesOfAnyLength(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kv")
	s := open(t, dir)
	long := strings.Repeat("l", 100_000)
	for key, value := range map[string]string{"ada": "1815", "": "no key", "empty": "", "long": long} {
		if err := s.Put([]byte(key), []byte(value), Synced); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	expect(t, s, "ada", "1815")
	expect(t, s, "", "no key")
	expect(t, s, "empty", "")
	expect(t, s, "long", long)
	if got, err := s.Get([]byte("eve"), nil); got != nil || err != nil {
		t.Errorf("eve: %q, %v", got, err)
	}
	room := make([]byte, 0, 16)
	if got, _ := s.Get([]byte("ada"), room); string(got) != "1815" || &got[0] != &room[:1][0] {
		t.Error("room was not used")
	}
}

func TestEraseSaysWhetherTheKeyWasThere(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kv"))
	s.Put([]byte("k"), []byte("v"), NoSync)
	for _, want := range []bool{true, false} {
		if was, err := s.Erase([]byte("k"), NoSync); err != nil || was != want {
			t.Error(was, err)
		}
	}
}

func TestAScanShowsOneInstant(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "kv"))
	for n := 0; n < 100; n++ {
		s.Put([]byte(fmt.Sprintf("%02d", n)), []byte("before"), NoSync)
	}
	seen := 0
	err := s.Scan([]byte("1"), func(key, value []byte) bool {
		for n := 0; n < 100; n++ {
			s.Put([]byte(fmt.Sprintf("%02d", n)), []byte("after"), NoSync)
		}
		if string(key) != fmt.Sprintf("1%d", seen) || string(value) != "before" {
			t.Errorf("%s %s", key, value)
		}
		seen++
		return true
	})
	if err != nil || seen != 10 {
		t.Error(err, seen)
	}
}

func TestAnErrorIsOfItsOwnGoroutine(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kv")
	s := open(t, dir)
	var all sync.WaitGroup
	for n := 0; n < 8; n++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for i := 0; i < 100; i++ {
				if _, err := Open(dir); !is(err, Locked) || !strings.Contains(err.Error(), dir) {
					t.Error(err)
				}
				s.Put([]byte("k"), []byte("v"), NoSync)
			}
		}()
	}
	all.Wait()
	s.Close()
	if err := s.Put([]byte("k"), []byte("v"), NoSync); !is(err, Closed) {
		t.Error(err)
	}
}

func TestAFollowerGoesOnWhereItWas(t *testing.T) {
	dir, cursor := filepath.Join(t.TempDir(), "kv"), filepath.Join(t.TempDir(), "cursor")
	s := open(t, dir)
	for _, value := range []string{"one", "two"} {
		s.Put([]byte(value), []byte(value), Synced)
	}
	for _, want := range []string{"one", "two", ""} {
		f, err := Follow(dir, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if payload, err := f.Next(); err != nil || string(payload) != want {
			t.Errorf("%q, %v; want %q", payload, err, want)
		}
		if err := f.Save(); err != nil {
			t.Error(err)
		}
	}
}
