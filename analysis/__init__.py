"""Bytes in, facts out: reading ``.tflite`` models into columns and analysing them.

Nothing in here runs a model, writes a file or knows of TensorBoard.
"""
