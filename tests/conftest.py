"""What all tests share: Hypothesis without deadlines, since a loaded machine is slow and not wrong."""

from hypothesis import settings

settings.register_profile("hereabouts", deadline=None)
settings.load_profile("hereabouts")
