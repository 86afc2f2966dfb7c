//! The program that stands on the ten milestones; there is nothing to write here.
