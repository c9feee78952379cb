#pragma once
// A simulated machine with a disk that can lose power: see safeatomic/sim/sim_file_system.hpp.

#include <safeatomic/sim/disk_image.hpp>
#include <safeatomic/sim/enumerate.hpp>
#include <safeatomic/sim/operation.hpp>
#include <safeatomic/sim/power_loss.hpp>
#include <safeatomic/sim/sim_file_system.hpp>
