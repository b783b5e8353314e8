#include "vitrum/plot/render.hpp"
#include <cmath>
#include <gtest/gtest.h>
TEST(Plot, Draft) {
  using namespace vitrum::plot;
  Figure f;
  f.title = "draft";
  Panel p;
  p.x = {"lag (s)", Scale::log};
  p.y = {"g₂ − 1 (χ², Å⁻¹, ⟨t⟩)"};
  Series s;
  s.marker = Marker::circle;
  s.label = "data";
  s.line = Line::none;
  Series c;
  c.label = "fit";
  c.colour = palette(1);
  for (int i = 0; i < 40; i++) {
    double x = std::pow(10, -1 + i * 0.12);
    s.x.push_back(x);
    c.x.push_back(x);
    s.y.push_back(0.1 * std::exp(-x / 100) + 0.002 * std::sin(9 * i));
    c.y.push_back(0.1 * std::exp(-x / 100));
    s.y_errors.push_back(0.004);
  }
  p.series = {s, c};
  f.panels.push_back(p);
  Panel m;
  m.column = 1;
  m.aspect = 1;
  HeatMap h;
  h.rows = h.columns = 300;
  for (int i = 0; i < 90000; i++)
    h.values.push_back(i % 300 > 100 && i % 300 < 120
                           ? NAN
                           : static_cast<float>(1 + std::exp(-std::abs(i / 300 - i % 300) / 50.)));
  h.x_last = h.y_last = 300000;
  h.label = "C";
  m.map = h;
  m.x.label = "t₁ (s)";
  m.y.label = "t₂ (s)";
  f.panels.push_back(m);
  f.width = 560;
  save(f, "/tmp/draft.png");
  save(f, "/tmp/draft.svg");
  save(f, "/tmp/draft.pdf");
}
