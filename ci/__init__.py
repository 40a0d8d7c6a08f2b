"""The reviewer: what a change does to specs, told where people look at the change, on GitHub and on GitLab."""
