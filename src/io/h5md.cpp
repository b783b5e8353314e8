// H5MD: HDF5 files of trajectories (de Buyl, Colberg, Höfling 2014): /h5md and
// /particles/<group>/{position, image, species, id, box}.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hdf5_read.hpp"
#include "path.hpp"
#include "trajectory_reader.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

class H5md final : public atoms::TrajectorySource {
public:
  explicit H5md(const std::string& path) {
    const h5::Lock lock;
    info_.path = path;
    info_.format = "h5md";
    file_ = h5::open_file(path);
    find_group();
    describe();
  }
  ~H5md() override {
    const h5::Lock lock; // before the handles go
    position_.id.reset();
    file_.reset();
  }
  H5md(const H5md&) = delete;
  H5md& operator=(const H5md&) = delete;

  [[nodiscard]] const atoms::TrajectoryInfo& info() const override { return info_; }

  void read(Index frame, atoms::Configuration& out) override {
    const h5::Lock lock;
    const auto k = static_cast<std::size_t>(frame);
    const auto place = fmt::format("frame {}", frame);
    out.step = info_.steps.at(k);
    out.time = info_.times.empty() ? std::nan("") : info_.times[k];
    out.box = box_at(frame);
    const auto values = slab(position_, frame);
    const auto images = image_.id ? slab(image_, frame) : std::vector<double>{};
    out.unwrapped = !images.empty();
    out.positions.resize(static_cast<std::size_t>(info_.atoms));
    for (std::size_t i = 0; i < out.positions.size(); ++i)
      for (std::size_t d = 0; d < 3; ++d) {
        double x = values[3 * i + d];
        if (!images.empty())
          for (std::size_t e = 0; e < 3; ++e)
            x += images[3 * i + e] * out.box.edges()[e][d];
        if (!std::isfinite(x))
          throw FormatError(
              info_.path, place, fmt::format("coordinate {} of atom {}", x, i), "finite numbers");
        out.positions[i][d] = x;
      }
    out.species = species_;
    out.ids.clear();
    if (id_.id) {
      for (const double id : id_.dims.size() == 2 ? slab(id_, frame) : fixed_ids_)
        out.ids.push_back(static_cast<Index>(id));
      if (id_.dims.size() == 2 && species_moves_)
        out.species = species_at(frame);
    } else if (species_moves_) {
      out.species = species_at(frame);
    }
    order_.apply(info_.path, place, out);
  }

private:
  [[nodiscard]] std::string in(const char* name) const { return group_ + "/" + name; }

  void find_group() {
    if (!h5::exists(file_.get(), "particles"))
      throw FormatError(info_.path, "", "no group /particles", "an H5MD file");
    const h5::Handle particles(H5Gopen2(file_.get(), "particles", H5P_DEFAULT));
    h5::check(!particles, info_.path, "/particles", "cannot be opened");
    std::vector<std::string> found;
    for (const auto& member : h5::members(particles.get(), 1000))
      if (h5::exists(file_.get(), "/particles/" + member.name + "/position/value"))
        found.push_back(member.name);
    if (found.empty())
      throw FormatError(info_.path, "/particles", "no group with position/value", "one");
    if (found.size() > 1)
      info_.problems.push_back(
          fmt::format("{} groups of particles: '{}' is read", found.size(), found.front()));
    group_ = "/particles/" + found.front();
  }

  h5::Dataset open(const char* name) const {
    return h5::open_dataset(file_.get(), info_.path, in(name));
  }

  void require_dims(const h5::Dataset& dataset, const std::vector<Index>& dims) const {
    if (dataset.dims != dims)
      throw FormatError(
          info_.path, dataset.name, h5::describe_dims(dataset.dims), h5::describe_dims(dims));
  }

  void describe() {
    position_ = open("position/value");
    if (position_.dims.size() != 3 || position_.dims[2] != 3)
      throw FormatError(
          info_.path, position_.name, h5::describe_dims(position_.dims), "[frame, atom, 3]");
    info_.frames = position_.dims[0];
    info_.atoms = position_.dims[1];
    if (info_.frames < 1 || info_.atoms < 1)
      throw FormatError(
          info_.path, position_.name, h5::describe_dims(position_.dims), "frames and atoms");
    constexpr Index most = Index{1} << 31;
    if (info_.atoms > most)
      throw FormatError(info_.path, position_.name, fmt::format("{} atoms", info_.atoms), "fewer");
    read_steps();
    info_.length_unit = unit(in("position/value"));
    if (h5::exists(file_.get(), in("image/value"))) {
      image_ = open("image/value");
      require_dims(image_, position_.dims);
    }
    if (h5::exists(file_.get(), in("id/value"))) {
      id_ = open("id/value");
      require_dims(id_, {info_.frames, info_.atoms});
    } else if (h5::exists(file_.get(), in("id"))) {
      id_ = open("id");
      require_dims(id_, {info_.atoms});
      fixed_ids_ = h5::read_doubles(id_);
    }
    read_species();
    if (!h5::exists(file_.get(), in("box/edges")))
      throw FormatError(info_.path, in("box"), "no edges", "the edges of the box");
    moving_box_ = h5::exists(file_.get(), in("box/edges/value"));
    box_ = open(moving_box_ ? "box/edges/value" : "box/edges");
    if (moving_box_ && (box_.dims.empty() || box_.dims[0] != info_.frames))
      throw FormatError(info_.path,
                        box_.name,
                        h5::describe_dims(box_.dims),
                        fmt::format("{} frames", info_.frames));
    info_.first_box = box_at(0);
    info_.unwrapped = static_cast<bool>(image_.id);
    info_.species_atoms = count_species(species_, info_.species.size());
  }

  [[nodiscard]] std::string unit(const std::string& name) const {
    auto text = h5::attribute(file_.get(), name, "unit");
    if (text == "Angstrom" || text == "A")
      text = "angstrom";
    return text;
  }

  void read_steps() {
    std::vector<double> steps, times;
    const auto axis = [&](const char* name) -> std::vector<double> {
      const auto path = in("position/") + name;
      if (!h5::exists(file_.get(), path))
        return {};
      const auto dataset = h5::open_dataset(file_.get(), info_.path, path);
      auto values = h5::read_doubles(dataset, 100'000'000);
      if (dataset.dims.empty()) { // a fixed step
        const double each = values.at(0);
        values.clear();
        for (Index f = 0; f < info_.frames; ++f)
          values.push_back(each * static_cast<double>(f));
      }
      if (static_cast<Index>(values.size()) != info_.frames)
        throw FormatError(info_.path,
                          path,
                          fmt::format("{} values", values.size()),
                          fmt::format("{} as there are frames", info_.frames));
      return values;
    };
    steps = axis("step");
    times = axis("time");
    for (Index f = 0; f < info_.frames; ++f) {
      const double value =
          steps.empty() ? static_cast<double>(f) : steps[static_cast<std::size_t>(f)];
      if (!(std::abs(value) < 9e15))
        throw FormatError(
            info_.path, in("position/step"), fmt::format("step {}", value), "a whole number");
      require_ascending_step(
          info_.path, fmt::format("frame {}", f), static_cast<Index>(value), info_.steps);
      info_.steps.push_back(static_cast<Index>(value));
    }
    info_.times = times;
    if (!times.empty())
      info_.time_unit = unit(in("position/time"));
  }

  void read_species() {
    species_moves_ = h5::exists(file_.get(), in("species/value"));
    if (species_moves_)
      species_source_ = open("species/value");
    else if (h5::exists(file_.get(), in("species")))
      species_source_ = open("species");
    if (!species_source_.id) {
      info_.species = {"1"};
      species_.assign(static_cast<std::size_t>(info_.atoms), 0);
      return;
    }
    require_dims(species_source_,
                 species_moves_ ? std::vector<Index>{info_.frames, info_.atoms}
                                : std::vector<Index>{info_.atoms});
    const auto values =
        species_moves_ ? slab(species_source_, 0) : h5::read_doubles(species_source_);
    numbers_ = values;
    std::sort(numbers_.begin(), numbers_.end());
    numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
    if (numbers_.size() > 200)
      throw FormatError(info_.path,
                        species_source_.name,
                        fmt::format("{} species", numbers_.size()),
                        "at most 200");
    for (const double n : numbers_)
      info_.species.push_back(fmt::format("{:g}", n));
    species_ = numbered(values, 0);
  }
  std::vector<std::int32_t> numbered(const std::vector<double>& values, Index frame) const {
    std::vector<std::int32_t> out;
    for (const double v : values) {
      const auto it = std::lower_bound(numbers_.begin(), numbers_.end(), v);
      if (it == numbers_.end() || *it != v)
        throw FormatError(info_.path,
                          fmt::format("frame {}", frame),
                          fmt::format("species {}", v),
                          "those of the first frame");
      out.push_back(static_cast<std::int32_t>(it - numbers_.begin()));
    }
    return out;
  }
  std::vector<std::int32_t> species_at(Index frame) const {
    return numbered(slab(species_source_, frame), frame);
  }

  /// One frame of a dataset [frame, atom(, columns)] as doubles.
  std::vector<double> slab(const h5::Dataset& dataset, Index frame) const {
    std::vector<hsize_t> start(dataset.dims.size(), 0), count;
    for (const Index d : dataset.dims)
      count.push_back(static_cast<hsize_t>(d));
    start[0] = static_cast<hsize_t>(frame);
    count[0] = 1;
    std::vector<double> out(static_cast<std::size_t>(dataset.size() / dataset.dims[0]));

    const h5::Handle file(H5Dget_space(dataset.id.get()));
    const h5::Handle memory(
        H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr));
    h5::check(!file || !memory ||
                  H5Sselect_hyperslab(
                      file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) <
                      0 ||
                  H5Dread(dataset.id.get(),
                          H5T_NATIVE_DOUBLE,
                          memory.get(),
                          file.get(),
                          H5P_DEFAULT,
                          out.data()) < 0,
              info_.path,
              fmt::format("{}, frame {}", dataset.name, frame),
              "cannot be read");
    return out;
  }

  [[nodiscard]] atoms::Box box_at(Index frame) const {
    const auto values = moving_box_ ? slab(box_, frame) : h5::read_doubles(box_, 9);
    std::array<atoms::Vector, 3> edges{};
    if (values.size() == 3)
      for (std::size_t d = 0; d < 3; ++d)
        edges[d][d] = values[d];
    else if (values.size() == 9)
      for (std::size_t k = 0; k < 9; ++k)
        edges[k / 3][k % 3] = values[k];
    else
      throw FormatError(info_.path,
                        box_.name,
                        fmt::format("{} numbers", values.size()),
                        "3 lengths or a matrix of 9");
    try {
      return atoms::Box(edges);
    } catch (const DataError& error) {
      throw FormatError(info_.path, fmt::format("frame {}", frame), error.what(), "a box");
    }
  }

  atoms::TrajectoryInfo info_;
  h5::Handle file_;
  std::string group_;
  h5::Dataset position_, image_, id_, box_, species_source_;
  std::vector<double> fixed_ids_, numbers_;
  std::vector<std::int32_t> species_;
  bool moving_box_ = false, species_moves_ = false;
  AtomOrder order_;
};

} // namespace

TrajectoryReader h5md_reader() {
  return {
      [] {
        FormatDescription d;
        d.name = "h5md";
        d.description = "H5MD trajectory in HDF5";
        d.extensions = {"h5", "h5md"};
        d.recognised_by = "HDF5 with the group /h5md";
        d.reads_trajectories = true;
        return d;
      },
      [](const Probe& probe) {
        constexpr std::array<unsigned char, 8> mark{0x89, 'H', 'D', 'F', 0x0d, 0x0a, 0x1a, 0x0a};
        if (probe.head.size() < mark.size() ||
            !std::equal(mark.begin(), mark.end(), probe.head.begin()))
          return false;
        try {
          const h5::Lock lock;
          const auto file = h5::open_file(probe.path);
          return h5::exists(file.get(), "h5md");
        } catch (const Error&) {
          return false; // the reader of frames says what is wrong with it
        }
      },
      [](const std::string& path) -> std::unique_ptr<atoms::TrajectorySource> {
        return std::make_unique<H5md>(path);
      }};
}

} // namespace vitrum::io
