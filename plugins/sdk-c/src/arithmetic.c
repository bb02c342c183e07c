/* Multiplying 128 bits, which clang leaves to a library: an overflow check of 64 bits needs it. */

#include <stdint.h>

unsigned __int128 __multi3(unsigned __int128 one, unsigned __int128 other);

unsigned __int128 __multi3(unsigned __int128 one, unsigned __int128 other) {
    uint64_t a = (uint64_t)one, b = (uint64_t)other;
    uint64_t a_low = a & UINT32_MAX, a_high = a >> 32, b_low = b & UINT32_MAX, b_high = b >> 32;
    uint64_t low = a_low * b_low, middle = a_high * b_low + (low >> 32), rest = a_low * b_high + (middle & UINT32_MAX);
    uint64_t high = a_high * b_high + (middle >> 32) + (rest >> 32);
    high += a * (uint64_t)(other >> 64) + (uint64_t)(one >> 64) * b;
    return (unsigned __int128)high << 64 | (rest << 32 | (low & UINT32_MAX));
}
