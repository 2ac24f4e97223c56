"""For whom somebody acts, where more than one answer is possible: asked, remembered, changed."""
