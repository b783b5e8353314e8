#include "vitrum/frames/packed_cache.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "frame_range.hpp"
#include "packed_frame.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::frames {
namespace {

constexpr Index arena_bytes = Index{64} << 20; // memory is taken in pieces of this, on huge pages
constexpr Index alignment = 8;

struct Held {
  const std::byte* data = nullptr;
  PackedForm form;
};

class Cache final : public PackedCache {
public:
  Cache(std::unique_ptr<FrameSource> source, Index budget_bytes, std::vector<std::uint8_t> needed)
      : source_(std::move(source)), needed_(std::move(needed)),
        pixels_(make_packed_pixels(source_->info().pixels(), needed_)),
        frames_(static_cast<std::size_t>(source_->info().frames)),
        left_(budget_bytes - packed_cache_overhead(source_->info().frames)) {
    const Index size = static_cast<Index>(needed_.size());
    if (size != 0 && size != pixels_.frame)
      throw OptionError(fmt::format(
          "needed pixels: {} values, expected one per pixel ({})", size, pixels_.frame));
  }

  const SeriesInfo& info() const override { return source_->info(); }
  bool sparse() const override { return source_->sparse(); }
  FrameSource& source() override { return *source_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info(), first, count);
    const Index bytes = info().frame_bytes();
    each_run(first, count, [&](Index begin, Index end, bool held) {
      std::byte* to = out + (begin - first) * bytes;
      if (!held) {
        source_->read(begin, end - begin, to);
        keep_dense(begin, end - begin, to);
        return;
      }
      parallel_for(begin, end, 1, [&](Index t, Index) {
        unpack(frames_[t].data, frames_[t].form, info().type, pixels_, to + (t - begin) * bytes);
      });
    });
  }

  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   EventList& out) override {
    check_frames(info(), first, count);
    out.clear();
    each_run(first, count, [&](Index begin, Index end, bool held) {
      if (held) {
        for (Index t = begin; t < end; ++t)
          append_held(t, used, out);
        return;
      }
      EventList& list = begin == first && end == first + count ? out : run_;
      source_->read_events(begin, end - begin, used, list);
      if (used.empty())
        keep_events(begin, list);
      if (&list != &out)
        append_list(list, out);
    });
  }

  Index bytes() const override {
    Index sum = packed_cache_overhead(info().frames);
    for (const Buffer<std::byte>& arena : arenas_)
      sum += arena.size();
    return sum;
  }

  void keep_within(Index budget_bytes) override {
    full_ = true;
    while (!arenas_.empty() && bytes() > budget_bytes) {
      const std::byte* begin = arenas_.back().data();
      const std::byte* end = begin + arenas_.back().size();
      for (Held& held : frames_)
        if (held.form.bytes > 0 && std::less_equal<>{}(begin, held.data) &&
            std::less<>{}(held.data, end))
          held = {};
      arenas_.pop_back();
    }
  }

private:
  /// Calls visit(begin, end, held) for the runs of frames that are kept and that are not.
  template <class Visit>
  void each_run(Index first, Index count, Visit&& visit) {
    for (Index begin = first; begin < first + count;) {
      const bool held = frames_[begin].form.packing != Packing::none;
      Index end = begin + 1;
      while (end < first + count && (frames_[end].form.packing != Packing::none) == held)
        ++end;
      visit(begin, end, held);
      begin = end;
    }
  }

  /// Memory for a frame, or null when the budget is spent.
  std::byte* allocate(Index bytes) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    if (arenas_.empty() || arenas_.back().size() - used_ < bytes) {
      const Index size = std::min(std::max(arena_bytes, bytes), left_);
      if (size < bytes)
        return nullptr;
      arenas_.emplace_back(size);
      left_ -= size;
      used_ = 0;
    }
    std::byte* memory = arenas_.back().data() + used_;
    used_ += bytes;
    return memory;
  }

  /// Finds a place for frames of the given forms; those that have none stay as they are.
  std::vector<std::byte*> places(const std::vector<PackedForm>& forms) {
    std::vector<std::byte*> memory;
    for (const PackedForm& form : forms) {
      memory.push_back(full_ ? nullptr : allocate(form.bytes));
      full_ = full_ || memory.back() == nullptr;
    }
    return memory;
  }

  void keep_dense(Index first, Index count, const std::byte* values) {
    if (full_)
      return;
    const SeriesInfo& series = info();
    std::vector<PackedForm> forms(static_cast<std::size_t>(count));
    parallel_for(0, count, 1, [&](Index f, Index) {
      forms[f] = smallest_form(values + f * series.frame_bytes(), series.type, pixels_);
    });
    const std::vector<std::byte*> memory = places(forms);
    parallel_for(0, count, 1, [&](Index f, Index) {
      if (memory[f] == nullptr)
        return;
      pack(values + f * series.frame_bytes(), series.type, pixels_, forms[f], memory[f]);
      frames_[first + f] = {memory[f], forms[f]};
    });
  }

  void keep_events(Index first, const EventList& list) {
    if (full_)
      return;
    if (needed_.empty())
      return keep_list(first, list);
    few_.clear();
    for (Index f = 0; f < list.frames(); ++f) {
      for (Index e = list.frame_begin[f]; e < list.frame_begin[f + 1]; ++e)
        if (needed_[list.pixel[e]] != 0)
          few_.add(list.pixel[e], list.count[e]);
      few_.end_frame();
    }
    keep_list(first, few_);
  }

  /// Events of needed pixels alone.
  void keep_list(Index first, const EventList& list) {
    const SeriesInfo& series = info();
    const auto span_of = [&](const std::vector<std::uint32_t>& values, Index f) {
      return std::span<const std::uint32_t>(values).subspan(
          static_cast<std::size_t>(list.frame_begin[f]),
          static_cast<std::size_t>(list.frame_begin[f + 1] - list.frame_begin[f]));
    };
    std::vector<PackedForm> forms(static_cast<std::size_t>(list.frames()));
    for (Index f = 0; f < list.frames(); ++f)
      forms[f] = smallest_form(span_of(list.count, f), series.type, pixels_);
    const std::vector<std::byte*> memory = places(forms);
    parallel_for(0, list.frames(), 16, [&](Index begin, Index end) {
      for (Index f = begin; f < end; ++f) {
        if (memory[f] == nullptr)
          continue;
        pack(span_of(list.pixel, f),
             span_of(list.count, f),
             series.type,
             pixels_,
             forms[f],
             memory[f]);
        frames_[first + f] = {memory[f], forms[f]};
      }
    });
  }

  void append_held(Index t, std::span<const std::uint8_t> used, EventList& out) {
    const Held& held = frames_[t];
    if (held.form.packing == Packing::events_8 || held.form.packing == Packing::events_32) {
      each_event(held.data, held.form, [&](std::uint32_t p, std::uint32_t n) {
        if (used.empty() || used[p] != 0)
          out.add(p, n);
      });
      out.end_frame();
      return;
    }
    frame_.resize(static_cast<std::size_t>(info().frame_bytes()));
    unpack(held.data, held.form, info().type, pixels_, frame_.data());
    append_frame(frame_.data(), info(), t, used, out);
  }

  static void append_list(const EventList& list, EventList& out) {
    out.pixel.insert(out.pixel.end(), list.pixel.begin(), list.pixel.end());
    out.count.insert(out.count.end(), list.count.begin(), list.count.end());
    const Index before = out.frame_begin.back();
    for (Index f = 0; f < list.frames(); ++f)
      out.frame_begin.push_back(before + list.frame_begin[f + 1]);
  }

  std::unique_ptr<FrameSource> source_;
  std::vector<std::uint8_t> needed_; // [pixel]; empty: all
  PackedPixels pixels_;
  std::vector<Held> frames_;
  Index left_;
  std::vector<Buffer<std::byte>> arenas_;
  Index used_ = 0; // of the last arena
  bool full_ = false;
  EventList run_, few_;
  std::vector<std::byte> frame_;
};

} // namespace

std::unique_ptr<PackedCache> make_packed_cache(std::unique_ptr<FrameSource> source,
                                               Index budget_bytes,
                                               std::vector<std::uint8_t> needed) {
  return std::make_unique<Cache>(std::move(source), budget_bytes, std::move(needed));
}

Index packed_cache_overhead(Index frames) {
  return frames * static_cast<Index>(sizeof(Held));
}

} // namespace vitrum::frames
