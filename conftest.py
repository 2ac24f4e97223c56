"""What has to be imported before any test.

`gateway`: so that the name means the package before pytest imports a test below the folder of that name. `hypothesis`:
its plugin of trio (which selenium brings) asks the garbage collector for what a service freezes when it starts.
"""

import hypothesis  # noqa: F401 - importing it is the whole purpose

import gateway  # noqa: F401 - the same
