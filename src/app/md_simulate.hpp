// How a simulation is set up and what becomes of a cooling scan, for run_md_simulate.
#pragma once
#include <filesystem>
#include <string>

#include "vitrum/app/md.hpp"
#include "vitrum/core/tree.hpp"

namespace vitrum::app {

/// A run goes on as it began: what is not given of the glass comes from the settings `file` that
/// its folder keeps. Throws OptionError for what is given and differs; the hold alone may.
void take_settings_of(const std::string& file, MdSimulateOptions& options);

/// What is not given of the glass: as the preset says, or as is usual. Throws OptionError for a
/// preset that is none.
void complete(MdSimulateOptions& options);

/// Tg by energy and pressure against temperature in the table of a cooling scan, written as a
/// result into `path`. Returns a summary.
std::string analyse_cooling(const std::filesystem::path& table,
                            const std::filesystem::path& path,
                            double rate,
                            Index atoms,
                            Tree tree);

} // namespace vitrum::app
