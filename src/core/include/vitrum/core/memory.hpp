// Big arrays: 64-byte aligned, on huge pages where the system offers them, left uninitialised.
// (A plain vector gets 4 KiB pages, whose first touch is several times slower.)
#pragma once
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "vitrum/core/index.hpp"

namespace vitrum {

[[nodiscard]] void* allocate_huge(std::size_t bytes); // throws std::bad_alloc
void release_huge(void* memory, std::size_t bytes) noexcept;

/// An owning array of plain values whose contents are undefined until written.
template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  Buffer() = default;
  explicit Buffer(Index size)
      : data_(size > 0 ? static_cast<T*>(allocate_huge(static_cast<std::size_t>(size) * sizeof(T)))
                       : nullptr),
        size_(size) {}
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (data_ != nullptr)
      release_huge(data_, static_cast<std::size_t>(size_) * sizeof(T));
  }

  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] std::span<T> span() { return {data_, static_cast<std::size_t>(size_)}; }
  [[nodiscard]] std::span<const T> span() const { return {data_, static_cast<std::size_t>(size_)}; }
  T& operator[](Index i) { return data_[i]; }
  const T& operator[](Index i) const { return data_[i]; }

private:
  T* data_ = nullptr;
  Index size_ = 0;
};

} // namespace vitrum
