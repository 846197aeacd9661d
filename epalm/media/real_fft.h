#pragma once

#include <span>
#include <vector>

namespace epalm::media {

// Four float32 numbers that take the same steps: four signals are transformed side by side.
struct Lanes {
  static constexpr int kCount = 4;
  using Vector = float __attribute__((vector_size(kCount * sizeof(float))));

  Vector values{};

  friend Lanes operator+(Lanes a, Lanes b) { return {a.values + b.values}; }
  friend Lanes operator-(Lanes a, Lanes b) { return {a.values - b.values}; }
  friend Lanes operator-(Lanes a) { return {-a.values}; }
  friend Lanes operator*(Lanes a, float factor) { return {a.values * factor}; }
  friend Lanes squared(Lanes a) { return {a.values * a.values}; }
};

// The Fourier transform of real signals whose length is a power of two, by the real-input passes of FFTPACK
// (P. N. Swarztrauber, "Vectorizing the FFTs", 1982) of radix 4, and one of radix 2 where the length asks for it. The
// order of the float32 operations is that of libtorch's transform: log energies of quiet bands differ by more than 1e-4
// between two float32 transforms that each are right (SPEC.md §7.3). Immutable: threads may share one.
class RealFft {
 public:
  // size: a power of two, 2 to 2^24; Error otherwise.
  explicit RealFft(int size);

  int size() const { return size_; }

  // signal: [size], becomes [re 0, re 1, im 1, re 2, im 2, ..., re size/2]. scratch: [size], overwritten.
  void transform(std::span<Lanes> signal, std::span<Lanes> scratch) const;

 private:
  // Joins `radix` spectra of length `length` into one, `groups` times.
  struct Pass {
    int radix;
    int length;
    int groups;
    std::vector<float> turns;  // [radix-1, length-1]: cos, sin of the angle of each line
  };

  int size_;
  std::vector<Pass> passes_;
};

}  // namespace epalm::media
