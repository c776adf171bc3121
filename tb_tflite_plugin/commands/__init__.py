"""One module per command of ``tflite-viz``.

Each imports what it needs when it runs, so that ``--help`` needs nothing.
"""
