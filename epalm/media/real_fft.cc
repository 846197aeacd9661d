#include "epalm/media/real_fft.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>

#include "epalm/base/error.h"

namespace epalm::media {
namespace {

// A spectrum of a real signal lies packed as [re 0, re 1, im 1, re 2, im 2, ...]; where its length is even, the last
// number is the real middle line. Passes read in[part, group, line] and write out[group, part, line].
template <int kRadix>
struct Layout {
  size_t length;
  size_t groups;
  const Lanes* from;
  Lanes* to;

  Lanes in(size_t part, size_t group, size_t line) const { return from[line + length * (group + groups * part)]; }
  Lanes& out(size_t group, size_t part, size_t line) const { return to[line + length * (part + kRadix * group)]; }
};

struct Complex {
  Lanes re;
  Lanes im;
};

// Line i of a part, turned backwards by its angle.
template <int kRadix>
Complex turned(const Layout<kRadix>& at, size_t part, size_t group, size_t i, const float* turns) {
  const float* turn = turns + (part - 1) * (at.length - 1) + i - 2;
  const Lanes re = at.in(part, group, i - 1);
  const Lanes im = at.in(part, group, i);
  return {re * turn[0] + im * turn[1], im * turn[0] - re * turn[1]};
}

void join_two(const Layout<2>& at, const float* turns) {
  const size_t last = at.length - 1;
  for (size_t k = 0; k < at.groups; ++k) {
    at.out(k, 0, 0) = at.in(0, k, 0) + at.in(1, k, 0);
    at.out(k, 1, last) = at.in(0, k, 0) - at.in(1, k, 0);
    if (at.length % 2 == 0) {
      at.out(k, 1, 0) = -at.in(1, k, last);
      at.out(k, 0, last) = at.in(0, k, last);
    }
    for (size_t i = 2; i < at.length; i += 2) {
      const size_t mirror = at.length - i;
      const Complex b = turned(at, 1, k, i, turns);
      at.out(k, 0, i - 1) = at.in(0, k, i - 1) + b.re;
      at.out(k, 1, mirror - 1) = at.in(0, k, i - 1) - b.re;
      at.out(k, 0, i) = b.im + at.in(0, k, i);
      at.out(k, 1, mirror) = b.im - at.in(0, k, i);
    }
  }
}

void join_four(const Layout<4>& at, const float* turns) {
  constexpr auto kHalfRoot = static_cast<float>(std::numbers::sqrt2 / 2);
  const size_t last = at.length - 1;
  for (size_t k = 0; k < at.groups; ++k) {
    {
      const Lanes odd = at.in(3, k, 0) + at.in(1, k, 0);
      const Lanes even = at.in(0, k, 0) + at.in(2, k, 0);
      at.out(k, 2, 0) = at.in(3, k, 0) - at.in(1, k, 0);
      at.out(k, 1, last) = at.in(0, k, 0) - at.in(2, k, 0);
      at.out(k, 0, 0) = even + odd;
      at.out(k, 3, last) = even - odd;
    }
    if (at.length % 2 == 0) {
      const Lanes im = (at.in(1, k, last) + at.in(3, k, last)) * -kHalfRoot;
      const Lanes re = (at.in(1, k, last) - at.in(3, k, last)) * kHalfRoot;
      at.out(k, 0, last) = at.in(0, k, last) + re;
      at.out(k, 2, last) = at.in(0, k, last) - re;
      at.out(k, 3, 0) = im + at.in(2, k, last);
      at.out(k, 1, 0) = im - at.in(2, k, last);
    }
    for (size_t i = 2; i < at.length; i += 2) {
      const size_t mirror = at.length - i;
      const Complex a{at.in(0, k, i - 1), at.in(0, k, i)};
      const Complex b = turned(at, 1, k, i, turns);
      const Complex c = turned(at, 2, k, i, turns);
      const Complex d = turned(at, 3, k, i, turns);
      const Complex odd{d.re + b.re, b.im + d.im};
      const Complex odd_difference{d.re - b.re, b.im - d.im};
      const Complex even{a.re + c.re, a.im + c.im};
      const Complex even_difference{a.re - c.re, a.im - c.im};
      at.out(k, 0, i - 1) = even.re + odd.re;
      at.out(k, 3, mirror - 1) = even.re - odd.re;
      at.out(k, 0, i) = odd.im + even.im;
      at.out(k, 3, mirror) = odd.im - even.im;
      at.out(k, 2, i - 1) = even_difference.re + odd_difference.im;
      at.out(k, 1, mirror - 1) = even_difference.re - odd_difference.im;
      at.out(k, 2, i) = odd_difference.re + even_difference.im;
      at.out(k, 1, mirror) = odd_difference.re - even_difference.im;
    }
  }
}

}  // namespace

RealFft::RealFft(int size) : size_(size) {
  require(size >= 2 && size <= 1 << 24 && std::has_single_bit(static_cast<unsigned>(size)),
          "Fourier transform: expected a length that is a power of two from 2 to 2^24, got {}", size);
  for (int length = 1; length < size;) {
    const int radix = size / length % 4 == 0 ? 4 : 2;  // the pass of radix 2 is the last
    Pass pass{radix, length, size / (length * radix), {}};
    for (int part = 1; part < radix; ++part) {
      for (int line = 1; line <= (length - 1) / 2; ++line) {
        const double angle = 2 * std::numbers::pi * part * line / (length * radix);
        pass.turns.push_back(static_cast<float>(std::cos(angle)));
        pass.turns.push_back(static_cast<float>(std::sin(angle)));
      }
      if (length % 2 == 0) pass.turns.push_back(0);  // the middle line needs none
    }
    length *= radix;
    passes_.push_back(std::move(pass));
  }
}

void RealFft::transform(std::span<Lanes> signal, std::span<Lanes> scratch) const {
  EPALM_ASSERT(signal.size() == static_cast<size_t>(size_) && scratch.size() == signal.size());
  Lanes* from = signal.data();
  Lanes* to = scratch.data();
  for (const Pass& pass : passes_) {
    const auto length = static_cast<size_t>(pass.length);
    const auto groups = static_cast<size_t>(pass.groups);
    if (pass.radix == 4) {
      join_four({length, groups, from, to}, pass.turns.data());
    } else {
      join_two({length, groups, from, to}, pass.turns.data());
    }
    std::swap(from, to);
  }
  if (from != signal.data()) std::copy_n(from, size_, signal.data());
}

}  // namespace epalm::media
