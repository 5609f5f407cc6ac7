"""Programs that answer ``refcnn verify --exec``, and a shared library that is judged through ctypes."""
