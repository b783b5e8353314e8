// Coloured configurations for OVITO and others.
#include <fmt/format.h>

#include "md_run.hpp"
#include "vitrum/io/text_file.hpp"

namespace vitrum::app {

void write_atoms(const MdRun& run, const std::string& path, bool overwrite) {
  const bool moved = run.rearrangements.has_value();
  const auto& c = moved ? run.rearrangements->before : run.last;
  // cells belong to the configuration that is written
  std::vector<md::FrankKasper> classes;
  if (run.voronoi)
    classes = moved ? run.rearrangements->classes : run.voronoi->classes();
  std::string text = fmt::format("{}\nLattice=\"", c.atoms());
  for (std::size_t e = 0; e < 3; ++e)
    for (std::size_t d = 0; d < 3; ++d)
      text += fmt::format("{}{:.12g}", e + d == 0 ? "" : " ", c.box.edges()[e][d]);
  const auto& origin = c.box.origin();
  text += fmt::format("\" Origin=\"{:.12g} {:.12g} {:.12g}\" Properties=species:S:1:pos:R:3",
                      origin[0],
                      origin[1],
                      origin[2]);
  if (!c.ids.empty())
    text += ":id:I:1";
  if (!classes.empty())
    text += ":frank_kasper:I:1";
  if (moved)
    text += ":displacement:R:1:mobile:I:1:string:I:1:broken_bonds:I:1";
  text += fmt::format(" Step={}\n", c.step);
  for (std::size_t i = 0; i < c.positions.size(); ++i) {
    const auto r = c.box.wrap(c.positions[i]);
    text += fmt::format("{} {:.8g} {:.8g} {:.8g}",
                        run.info().species[static_cast<std::size_t>(c.species[i])],
                        r[0],
                        r[1],
                        r[2]);
    if (!c.ids.empty())
      text += fmt::format(" {}", c.ids[i]);
    if (!classes.empty())
      text += fmt::format(" {}", static_cast<int>(classes[i]));
    if (moved)
      text += fmt::format(" {:.6g} {} {} {}",
                          run.rearrangements->moved[i],
                          run.rearrangements->mobile[i],
                          run.rearrangements->string[i],
                          run.rearrangements->broken[i]);
    text += '\n';
  }
  io::write_bytes(path, text, overwrite);
}

} // namespace vitrum::app
