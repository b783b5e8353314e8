#include "vitrum/md/simulation.hpp"

#include <string>

#include <gtest/gtest.h>

#include "message_of.hpp"

namespace vitrum::md {
namespace {

Index last_run(const std::string& text) {
  return std::stoll(text.substr(text.rfind("\nrun ") + 5));
}

// Stretches are whole tens of steps: the scan is shorter than asked, and faster.
TEST(Simulation, TheCoolingRateIsThatOfTheStepsThatRun) {
  SimulationPlan plan;
  for (const double time : {3.0, 60.0, 63.9, 1100.0}) {
    plan.cooling_time = time;
    const auto scan = lammps_cooling_input(plan, 0.1, 100, "table");
    EXPECT_EQ(scan.steps, last_run(scan.text)) << time;
    EXPECT_DOUBLE_EQ(scan.rate * static_cast<double>(scan.steps) * plan.time_step,
                     plan.liquid_temperature - 0.1);
  }
  plan.cooling_time = 63.9; // 7987 steps: 100 times 70
  EXPECT_EQ(lammps_cooling_input(plan, 0.1, 100, "table").steps, 7000);
  EXPECT_EQ(message_of([&] { (void)lammps_cooling_input(plan, 1.2, 100, "table"); }),
            "cooling scan to 1.2: must be above 0 and below 1.2");
}

} // namespace
} // namespace vitrum::md
