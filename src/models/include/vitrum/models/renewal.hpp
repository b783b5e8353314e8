// The exact two-time correlation of a continuous-time random walk with Mittag-Leffler waiting
// times: a law of decay that ages.
#pragma once

namespace vitrum::models {

/// g1(t1, t2) of walkers that all start a wait at time 0, 0 <= t1 <= t2. Waits have the survival
/// probability E_b(−(t/tau)^b), 0 < b <= 1; over a jump the mean phase factor of a walker is
/// `kept` = <exp(iqΔ)>, 0 <= kept < 1 (0: a jump decorrelates). Jumps come at the rate
/// s^(b−1)/(tau^b Γ(b)) exactly, and after each everything begins anew, so that
///     g1 = 1 − (1 − kept) ∫_{t1}^{t2} s^(b−1)/(tau^b Γ(b)) E_b(−(1−kept) ((t2−s)/tau)^b) ds.
/// For t1 = 0 that is E_b(−(1−kept) (t2/tau)^b); for kept = 0 and t1 ≫ tau the arcsine law
/// I_{t1/t2}(b, 1−b) (Dynkin; Godrèche and Luck, J. Stat. Phys. 104 (2001) 489). Absolute error
/// below 1e-9 for b >= 0.2. Throws OptionError outside of these ranges.
[[nodiscard]] double
renewal_correlation(double tau_s, double exponent, double kept, double t1_s, double t2_s);

/// One waiting time from two numbers u, v in (0, 1): tau·(−ln u)·[sin(bπ(1−v))/sin(bπv)]^(1/b)
/// (Kozubowski and Rachev, J. Comput. Anal. Appl. 1 (1999) 177, in the form free of cancellation).
[[nodiscard]] double mittag_leffler_wait(double tau_s, double exponent, double u, double v);

} // namespace vitrum::models
