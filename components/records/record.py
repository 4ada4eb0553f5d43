"""What every value that crosses a border is."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen value that survives JSON unchanged."""

    model_config = ConfigDict(frozen=True, extra="forbid")
