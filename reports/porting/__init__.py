"""The porting report: what a recorded server meets on another platform."""
