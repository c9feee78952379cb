#pragma once
// What the index of keys asks of SSE2, by WebAssembly's own vectors.

#include <wasm_simd128.h>

using __m128i = v128_t;

inline __m128i _mm_load_si128(const __m128i* from) { return wasm_v128_load(from); }
inline __m128i _mm_set1_epi32(int value) { return wasm_i32x4_splat(value); }
inline __m128i _mm_setzero_si128() { return wasm_i32x4_splat(0); }
inline __m128i _mm_cmpeq_epi32(__m128i a, __m128i b) { return wasm_i32x4_eq(a, b); }
inline __m128i _mm_packs_epi32(__m128i a, __m128i b) { return wasm_i16x8_narrow_i32x4(a, b); }
inline __m128i _mm_packs_epi16(__m128i a, __m128i b) { return wasm_i8x16_narrow_i16x8(a, b); }
inline int _mm_movemask_epi8(__m128i a) { return static_cast<int>(wasm_i8x16_bitmask(a)); }
