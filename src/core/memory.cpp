#include "vitrum/core/memory.hpp"

#include <new>

#include <sys/mman.h>

namespace vitrum {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

std::size_t rounded(std::size_t bytes) {
  return (bytes + huge_page - 1) / huge_page * huge_page;
}

} // namespace

void* allocate_huge(std::size_t bytes) {
  if (bytes < huge_page)
    return ::operator new (bytes, std::align_val_t{64});
  // over-allocate by a page and give the ends back, so that the block begins on a huge page
  const std::size_t wanted = rounded(bytes);
  void* raw = mmap(nullptr,
                   wanted + huge_page,
                   PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1,
                   0);
  if (raw == MAP_FAILED)
    throw std::bad_alloc();
  auto* begin = static_cast<std::byte*>(raw);
  const std::size_t head =
      (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
  if (head > 0)
    munmap(begin, head);
  munmap(begin + head + wanted, huge_page - head);
  madvise(begin + head, wanted, MADV_HUGEPAGE); // a refusal only costs speed
  return begin + head;
}

void release_huge(void* memory, std::size_t bytes) noexcept {
  if (bytes < huge_page)
    ::operator delete (memory, std::align_val_t{64});
  else
    munmap(memory, rounded(bytes));
}

} // namespace vitrum
