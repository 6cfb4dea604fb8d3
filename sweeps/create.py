"""Create a study, once and before any worker.

A second call only adds slots that are missing because the first one was interrupted.
"""

import optuna

from suite.config.compose import compose
from suite.errors import UserError
from suite.training.check import check
from suite.training.methods import check_method
from sweeps.folder import StudyFolder
from sweeps.slots import create_slots
from sweeps.storage import explained, open_storage, storage_url
from sweeps.study import Study, probes
from sweeps.trial import Direction


def create(study: Study, folder: StudyFolder, directions: list[Direction], storage: str | None = None) -> optuna.Study:
    """Write ``study.yaml``, then make the study with all its slots.

    Raises:
        UserError: the folder holds another study, or the database cannot be reached.
    """
    folder.write_study(study)
    url = storage_url(folder, storage)
    with explained(url):
        made = optuna.create_study(
            storage=open_storage(url, study.heartbeat, create=True),
            study_name=study_name(folder),
            directions=directions,
            load_if_exists=True,
        )
        given = study.model_dump(mode="json")
        if made.user_attrs.get("study", given) != given:
            raise UserError(
                f"study: {made.study_name} is in its database with other settings; give the changed study a name of "
                f"its own, or remove it there and {folder.path} too"
            )
        made.set_user_attr("study", given)
        if [direction.name.lower() for direction in made.directions] != directions:
            raise UserError(f"storage: it holds another study called {made.study_name}; choose another database")
        made.set_metric_names(list(study.objectives))
        create_slots(made, study.points() if study.sampler == "grid" else [{}] * study.trial_count())
    return made


def study_name(folder: StudyFolder) -> str:
    """Name of the study in its database, which studies of several scales may share."""
    return f"{folder.scale}/{folder.path.name}"


def check_study(study: Study) -> None:
    """Check everything that can be checked before a trial runs.

    Raises:
        UserError: naming the field at fault.
    """
    for task in study.tasks:
        check(compose(study.overrides(study.setting({"task": task}))))
    for point in probes(study):
        check_method(compose(study.overrides(study.setting(point))))
