"""Acts that wait for their day: applied by the service when it is there, if they are what had been shown."""

from datetime import timedelta

from config.settings import Settings
from directory import life, provision, reorganise, repository
from directory.model import PlanId, PostRole, vietnam_day
from directory.policies import Defaults
from directory.scope import SERVER
from mailsvc.services import due_plans
from mailsvc.services import life as life_service
from mailsvc.services import reorganise as reorganise_service
from mailsvc.storage.store import Store
from tests.mailsvc.services.test_unused import DAY, box, staffed
from tests.support.mail import NOW

__all__ = ["staffed"]
TOMORROW = vietnam_day(NOW) + timedelta(days=1)


def put_off(store: Store, act: life.LifeAct) -> PlanId:
    with store.read() as db:
        plan = life_service.plan_act(db, SERVER, act, TOMORROW, Defaults())
    assert plan.refused == ()
    with store.write() as uow:
        return life_service.put_off(uow, SERVER, plan, "test")


def put_off_acts(store: Store, text: str) -> PlanId:
    sheet = reorganise.read_acts(text.encode())
    with store.read() as db:
        plan = reorganise_service.plan_acts(db, SERVER, sheet, TOMORROW)
    assert plan.refused == ()
    body = reorganise_service.body_of(plan)
    with store.write() as uow:
        return reorganise_service.put_off(uow, SERVER, plan, sheet, body, "test")


def states(store: Store) -> dict[PlanId, str]:
    with store.read() as db:
        return {plan.id: plan.state.value for plan in provision.list_plans(db.conn, SERVER)}


def test_each_act_is_applied_on_its_day_and_once(staffed: Store) -> None:
    moved = put_off(staffed, life.Transfer("chi", "UB", PostRole.DEPUTY))
    gone = put_off(staffed, life.Departure("binh", life.Reason.LEAVE))
    assert due_plans.apply_due(staffed, Settings()) == 0
    staffed.clock.now += DAY
    assert due_plans.apply_due(staffed, Settings()) == 2
    assert due_plans.apply_due(staffed, Settings()) == 0
    assert states(staffed) == {moved: "applied", gone: "applied"}
    assert box(staffed, "binh").state.value == "left"
    with staffed.read() as db:
        posts = repository.posts_of(db.conn, box(staffed, "chi").person_id, TOMORROW)
    assert [(post.role, post.period.valid_from) for post in posts] == [(PostRole.DEPUTY, TOMORROW)]


def test_a_reorganisation_that_is_no_longer_what_was_shown_waits_for_a_person(staffed: Store) -> None:
    renamed = put_off_acts(staffed, "action,code,name\nrename,B,UBND xã Mới\n")
    merged = put_off_acts(staffed, "action,code,into\nmerge,A,B\n")
    with staffed.read() as db:
        plan = life_service.plan_act(
            db, SERVER, life.Transfer("an", "UB", PostRole.SPECIALIST), vietnam_day(NOW), Defaults()
        )
    with staffed.write() as uow:
        life_service.carry_out(uow, SERVER, plan, "test")  # one person less to move
    staffed.clock.now += DAY
    due_plans.apply_due(staffed, Settings())
    found = states(staffed)
    assert (found[renamed], found[merged]) == ("applied", "drifted")
    with staffed.read() as db:
        drifted = provision.show_plan(db.conn, SERVER, merged)
        assert repository.unit_by_code(db.conn, "A", TOMORROW) is not None
    assert drifted is not None
    assert "move" in drifted.note
