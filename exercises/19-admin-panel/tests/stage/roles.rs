use std::sync::Arc;

use admin_panel::given::neighbours::Roles;
use admin_panel::given::rights::Permission;
use admin_panel::roles::{Rules, routes};
use serde_json::{Value, json};

use crate::staff::{Answer, Staff, ended, spawn};

async fn staff() -> Staff {
    spawn(routes(), |neighbours| neighbours.roles = Arc::new(Rules)).await
}

async fn give(staff: &Staff, me: i64, user: i64, role: &str, branch: &str) -> Answer {
    let path = format!("/api/users/{user}/roles");
    staff
        .post(me, &path, json!({ "role": role, "branch": branch }))
        .await
}

async fn take(staff: &Staff, me: i64, user: i64, grant: i64) -> Answer {
    staff
        .delete(me, &format!("/api/users/{user}/roles/{grant}"))
        .await
}

fn may_hand(staff: &Staff, user: i64, role: i64, branch: Option<i64>) -> &'static str {
    ended(
        staff
            .cx()
            .write(|tx| Rules.may_hand(tx, user, role, branch)),
    )
}

fn can_spare(staff: &Staff, user: i64) -> &'static str {
    ended(staff.cx().write(|tx| Rules.can_spare(tx, user)))
}

/// The answer lists all roles that the colleague has now, by role and then by branch.
#[tokio::test]
async fn a_colleague_gets_a_role() {
    let staff = staff().await;
    for (role, branch) in [("manager", "Leeds"), ("clerk", "*"), ("clerk", "Bath")] {
        let given: Answer = give(&staff, 1, 5, role, branch).await;
        assert_eq!(given.status, 200, "{role} in {branch}: {}", given.text);
    }
    let given: Answer = give(&staff, 1, 5, "clerk", "O'Connell \"%_\"").await;
    assert_eq!(given.status, 200, "the last role: {}", given.text);
    insta::assert_json_snapshot!(given.body, @r#"
    {
      "roles": [
        {
          "branch": "*",
          "id": 19,
          "role": "clerk"
        },
        {
          "branch": "Bath",
          "id": 20,
          "role": "clerk"
        },
        {
          "branch": "O'Connell \"%_\"",
          "id": 21,
          "role": "clerk"
        },
        {
          "branch": "Leeds",
          "id": 18,
          "role": "manager"
        }
      ],
      "user_id": 5
    }
    "#);
    let rows: String = staff.query(
        "SELECT group_concat(role_id || ' in ' || coalesce(branch_id, '*'), ', ' ORDER BY id) FROM grants WHERE user_id = 5",
        [],
    );
    assert_eq!(
        rows, "2 in 2, 3 in *, 3 in 1, 3 in 3",
        "the rows of the colleague"
    );
}

/// Giving and taking end the colleague's sessions, once and nobody else's, and are told to the audit log with the roles before and after.
#[tokio::test]
async fn a_change_ends_sessions_and_is_recorded() {
    let staff = staff().await;
    let given: Answer = give(&staff, 3, 4, "manager", "*").await;
    assert_eq!(given.status, 200, "{}", given.text);
    let ended: Vec<String> = staff
        .asked()
        .into_iter()
        .filter(|line| line.starts_with("end_all"))
        .collect();
    assert_eq!(ended, ["end_all 4"], "sessions that end with a new role");
    let taken: Answer = take(&staff, 1, 4, 14).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    let roles: Vec<(&str, &str)> = taken.body["roles"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|given| {
            (
                given["role"].as_str().unwrap_or(""),
                given["branch"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        roles,
        [("clerk", "Leeds"), ("manager", "*")],
        "what is left"
    );
    let ended: Vec<String> = staff
        .asked()
        .into_iter()
        .filter(|line| line.starts_with("end_all"))
        .collect();
    assert_eq!(
        ended,
        ["end_all 4"],
        "sessions that end with a role that was taken"
    );
    insta::assert_json_snapshot!(staff.events(), @r#"
    [
      {
        "actor": 3,
        "after": {
          "roles": [
            "clerk in Bath",
            "clerk in Leeds",
            "manager in *"
          ]
        },
        "before": {
          "roles": [
            "clerk in Bath",
            "clerk in Leeds"
          ]
        },
        "kind": "role.given",
        "subject": "user 4"
      },
      {
        "actor": 1,
        "after": {
          "roles": [
            "clerk in Leeds",
            "manager in *"
          ]
        },
        "before": {
          "roles": [
            "clerk in Bath",
            "clerk in Leeds",
            "manager in *"
          ]
        },
        "kind": "role.taken",
        "subject": "user 4"
      }
    ]
    "#);
}

/// Each single permission of the role, and that of giving roles, must be one's own in that very place.
#[tokio::test]
async fn nobody_hands_out_what_they_do_not_have() {
    for (branch, place) in [(Some(1), "in 1"), (Some(2), "in 2"), (None, "everywhere")] {
        for missing in [
            "orders.read",
            "orders.refund",
            "users.invite",
            "roles.assign",
        ] {
            let staff = staff().await;
            staff.journal.refuse(&format!("allows 3 {missing} {place}"));
            let said = may_hand(&staff, 3, 2, branch);
            assert_eq!(
                said, "beyond_your_rights",
                "manager {place} without {missing} there"
            );
            let (other, elsewhere) = if branch.is_none() {
                (Some(1), "in 1")
            } else {
                (None, "everywhere")
            };
            assert_eq!(
                may_hand(&staff, 3, 2, other),
                "ok",
                "manager {elsewhere}, all of it held there"
            );
            assert_eq!(
                may_hand(&staff, 4, 2, branch),
                "ok",
                "somebody else, who has all of it"
            );
        }
        let staff = staff().await;
        staff
            .journal
            .refuse(&format!("allows 3 audit.read {place}"));
        assert_eq!(
            may_hand(&staff, 3, 2, branch),
            "ok",
            "audit.read is no part of the role"
        );
    }
}

/// A role may be given if its permissions are among one's own, whatever the two sets are.
#[tokio::test]
async fn a_role_must_be_a_part_of_ones_own() {
    let staff = staff().await;
    let mut random = support::seeded(0x19A2);
    for round in 0..60 {
        let (mut role, mut own): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
        for permission in Permission::ALL {
            if random.number(0..3) == 0 {
                role.push(permission.name());
            }
            if random.number(0..4) != 0 || permission == Permission::RolesAssign {
                own.push(permission.name());
            }
        }
        let id = 100 + round;
        staff.batch(&format!("INSERT INTO roles VALUES ({id}, 'role {id}')"));
        for permission in &role {
            staff.batch(&format!(
                "INSERT INTO role_permissions VALUES ({id}, '{permission}')"
            ));
        }
        staff.journal.mend();
        for permission in Permission::ALL {
            if !own.contains(&permission.name()) {
                staff
                    .journal
                    .refuse(&format!("allows 3 {} in 2", permission.name()));
            }
        }
        let expected = if role.iter().all(|one| own.contains(one)) {
            "ok"
        } else {
            "beyond_your_rights"
        };
        let said = may_hand(&staff, 3, id, Some(2));
        assert_eq!(said, expected, "the role has {role:?}, the person {own:?}");
    }
}

/// An empty role needs only the right to give roles; a role that does not exist, or holds what nobody knows, is given by nobody.
#[tokio::test]
async fn strange_roles() {
    let staff = staff().await;
    assert_eq!(may_hand(&staff, 1, 5, Some(1)), "ok", "the empty role");
    assert_eq!(
        may_hand(&staff, 1, 99, Some(1)),
        "beyond_your_rights",
        "no such role"
    );
    staff.batch("INSERT INTO role_permissions VALUES (5, 'orders.rea'), (3, 'shop.sell')");
    assert_eq!(
        may_hand(&staff, 1, 5, Some(1)),
        "beyond_your_rights",
        "only an unknown permission"
    );
    assert_eq!(
        may_hand(&staff, 1, 3, None),
        "beyond_your_rights",
        "a known and an unknown permission"
    );
    staff.batch("DELETE FROM role_permissions WHERE role_id = 5");
    staff.journal.refuse("allows 1 roles.assign in 1");
    assert_eq!(
        may_hand(&staff, 1, 5, Some(1)),
        "beyond_your_rights",
        "the empty role, without the right to give roles"
    );
}

/// Giving and taking ask whether one may hand this very role in this very place; a refusal changes nothing.
#[tokio::test]
async fn what_is_beyond_ones_rights_changes_nothing() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (role, branch, line) in [
        ("manager", "Leeds", "allows 3 users.invite in 2"),
        ("administrator", "*", "allows 3 audit.export everywhere"),
        ("clerk", "*", "allows 3 roles.assign everywhere"),
    ] {
        staff.journal.refuse(line);
        let said: Answer = give(&staff, 3, 5, role, branch).await;
        assert_eq!(
            said.said(),
            (403, "beyond_your_rights"),
            "{role} in {branch}: {}",
            said.text
        );
        staff.journal.mend();
    }
    for (user, grant, line) in [
        (4, 15, "allows 3 orders.read in 2"),
        (1, 11, "allows 3 users.disable everywhere"),
        (6, 16, "allows 3 roles.assign in 1"),
    ] {
        staff.journal.refuse(line);
        let said: Answer = take(&staff, 3, user, grant).await;
        assert_eq!(
            said.said(),
            (403, "beyond_your_rights"),
            "grant {grant} of {user}: {}",
            said.text
        );
        staff.journal.mend();
    }
    assert_eq!(staff.tables(), before, "the tables after six refusals");
    assert_eq!(
        staff.events(),
        Vec::<Value>::new(),
        "events after six refusals"
    );
    assert!(
        !staff.asked().iter().any(|line| line.starts_with("end_all")),
        "nobody's sessions end"
    );
}

/// One's own roles are a colleague's business, for whoever it is, and by no other address either.
#[tokio::test]
async fn nobody_changes_their_own_roles() {
    let staff = staff().await;
    staff.journal.refuse("allows 4 roles.assign everywhere");
    let before: String = staff.tables();
    for (me, role, branch) in [
        (1, "clerk", "Bath"),
        (1, "administrator", "*"),
        (4, "manager", "*"),
        (5, "empty", "Leeds"),
    ] {
        let said: Answer = give(&staff, me, me, role, branch).await;
        assert_eq!(
            said.said(),
            (409, "own_roles"),
            "{me} takes up {role} in {branch}: {}",
            said.text
        );
    }
    for (me, grant) in [(1, 11), (4, 14), (4, 15), (7, 17)] {
        let said: Answer = take(&staff, me, me, grant).await;
        assert_eq!(
            said.said(),
            (409, "own_roles"),
            "{me} puts down {grant}: {}",
            said.text
        );
        let said: Answer = take(&staff, me, 2, grant).await;
        assert_eq!(
            said.said(),
            (404, "not_found"),
            "{me} puts down {grant} as if it were Ben's: {}",
            said.text
        );
    }
    assert_eq!(staff.tables(), before, "the tables");
}

/// What does not exist is 404, also a role that is somebody else's or was taken already; but first one must be allowed to give roles.
#[tokio::test]
async fn what_is_not_there_is_missing() {
    let staff = staff().await;
    for user in [0, 8, -1, i64::MAX] {
        let said: Answer = give(&staff, 1, user, "nonsense", "Bath").await;
        assert_eq!(
            said.said(),
            (404, "not_found"),
            "to user {user}: {}",
            said.text
        );
    }
    for (user, grant) in [(4, 16), (8, 14), (4, 99), (5, 14), (4, i64::MIN)] {
        let said: Answer = take(&staff, 1, user, grant).await;
        assert_eq!(
            said.said(),
            (404, "not_found"),
            "grant {grant} of user {user}: {}",
            said.text
        );
    }
    assert_eq!(
        take(&staff, 1, 4, 14).await.status,
        200,
        "a role that is there"
    );
    let said: Answer = take(&staff, 1, 4, 14).await;
    assert_eq!(
        said.said(),
        (404, "not_found"),
        "the same again: {}",
        said.text
    );

    staff.journal.refuse("require 5 roles.assign somewhere");
    for user in [4, 5, 8] {
        let said: Answer = give(&staff, 5, user, "nonsense", "nowhere").await;
        assert_eq!(
            said.said(),
            (403, "forbidden"),
            "to user {user}, without the right: {}",
            said.text
        );
        let said: Answer = take(&staff, 5, user, 15).await;
        assert_eq!(
            said.said(),
            (403, "forbidden"),
            "from user {user}, without the right: {}",
            said.text
        );
    }
}

/// Role and branch are named exactly, and all that is wrong is said at once.
#[tokio::test]
async fn names_are_exact() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (role, branch, fields) in [
        ("Clerk", "Bath", vec!["role"]),
        ("clerk ", "Bath", vec!["role"]),
        ("cler", "Bath", vec!["role"]),
        ("%", "Bath", vec!["role"]),
        ("", "Bath", vec!["role"]),
        ("3", "Bath", vec!["role"]),
        ("*", "Bath", vec!["role"]),
        ("clerk", "bath", vec!["branch"]),
        ("clerk", " Bath", vec!["branch"]),
        ("clerk", "", vec!["branch"]),
        ("clerk", "**", vec!["branch"]),
        ("clerk", " *", vec!["branch"]),
        ("clerk", "1", vec!["branch"]),
        ("clerk", "Bath\0", vec!["branch"]),
        ("clerk", "' OR 1 --", vec!["branch"]),
        ("x", "y", vec!["branch", "role"]),
    ] {
        let said: Answer = give(&staff, 1, 5, role, branch).await;
        assert_eq!(
            said.said(),
            (422, "invalid_fields"),
            "{role:?} in {branch:?}: {}",
            said.text
        );
        assert_eq!(said.fields(), fields, "{role:?} in {branch:?}");
    }
    // Nothing means everywhere but the star: a field that is forgotten must not.
    let said: Answer = staff
        .post(1, "/api/users/5/roles", json!({ "role": "clerk" }))
        .await;
    assert_eq!(
        (said.status, said.fields()),
        (422, vec!["branch".to_owned()]),
        "without a branch: {}",
        said.text
    );
    assert_eq!(staff.tables(), before, "the tables");
}

/// What is wrong with the form is said before whose roles they are, and whose they are before what is beyond one's rights.
#[tokio::test]
async fn the_first_thing_wrong_is_the_answer() {
    let staff = staff().await;
    let said: Answer = give(&staff, 1, 1, "nonsense", "Bath").await;
    assert_eq!(
        said.status, 422,
        "an unknown role for oneself: {}",
        said.text
    );
    staff.journal.refuse("allows 1 orders.read in 1");
    let said: Answer = give(&staff, 1, 6, "clerk", "Bath").await;
    assert_eq!(
        said.said(),
        (409, "account_disabled"),
        "beyond one's rights, for a disabled account: {}",
        said.text
    );
    staff.batch("UPDATE users SET disabled_at = 1450000000 WHERE id = 2");
    staff.journal.refuse("allows 7 audit.read everywhere");
    let said: Answer = take(&staff, 7, 1, 11).await;
    assert_eq!(
        said.said(),
        (403, "beyond_your_rights"),
        "the last administrator, beyond one's rights: {}",
        said.text
    );
}

/// A disabled account gets no role; those that it has can be taken away.
#[tokio::test]
async fn a_disabled_account_gets_nothing() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (role, branch) in [("manager", "Leeds"), ("clerk", "Bath")] {
        let said: Answer = give(&staff, 1, 6, role, branch).await;
        assert_eq!(
            said.said(),
            (409, "account_disabled"),
            "{role} in {branch}: {}",
            said.text
        );
    }
    assert_eq!(staff.tables(), before, "the tables");
    let said: Answer = take(&staff, 1, 6, 16).await;
    assert_eq!(
        (said.status, &said.body["roles"]),
        (200, &json!([])),
        "a role is taken: {}",
        said.text
    );
}

/// Giving what somebody has already is no change: no second row, no entry, and nobody is signed out.
#[tokio::test]
async fn giving_again_is_no_change() {
    let staff = staff().await;
    let before: String = staff.tables();
    for (user, role, branch) in [
        (4, "clerk", "Bath"),
        (4, "clerk", "Leeds"),
        (2, "administrator", "*"),
        (7, "deputy", "*"),
    ] {
        let said: Answer = give(&staff, 1, user, role, branch).await;
        assert_eq!(said.status, 200, "{role} in {branch} again: {}", said.text);
        let roles = said.body["roles"].as_array().map_or(0, Vec::len);
        assert_eq!(
            roles,
            if user == 4 { 2 } else { 1 },
            "roles of {user}: {}",
            said.text
        );
    }
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
    assert!(
        !staff.asked().iter().any(|line| line.starts_with("end_all")),
        "nobody's sessions end"
    );
    staff.journal.refuse("allows 3 orders.read in 2");
    let said: Answer = give(&staff, 3, 4, "clerk", "Leeds").await;
    assert_eq!(
        said.said(),
        (403, "beyond_your_rights"),
        "again, and beyond one's rights: {}",
        said.text
    );
}

/// An administrator is whoever has that role everywhere and an account in use; one of them is always left.
#[tokio::test]
async fn an_administrator_is_left() {
    let staff = staff().await;
    for user in 1..=7 {
        assert_eq!(
            can_spare(&staff, user),
            "ok",
            "{user}, of two administrators"
        );
    }
    // Ben is away. A deputy can do the same but is none; Eve is one in Bath only; Finn is one and disabled.
    staff.batch(
        "UPDATE users SET disabled_at = 1450000000 WHERE id = 2;
         INSERT INTO grants VALUES (21, 5, 1, 1), (22, 6, 1, NULL), (23, 1, 1, 2), (24, 1, 3, NULL)",
    );
    assert_eq!(
        can_spare(&staff, 1),
        "last_administrator",
        "the only one whose account is in use"
    );
    for user in [2, 3, 4, 5, 6, 7, 8, 0, -1] {
        assert_eq!(can_spare(&staff, user), "ok", "{user} is none");
    }
    let before: String = staff.tables();
    let said: Answer = take(&staff, 7, 1, 11).await;
    assert_eq!(
        said.said(),
        (409, "last_administrator"),
        "the last one's role: {}",
        said.text
    );
    assert_eq!(staff.tables(), before, "the tables");
    assert_eq!(staff.events(), Vec::<Value>::new(), "events");
    // What does not make him an administrator can be taken from the last one, too; and one can be taken from who is none.
    for (user, grant) in [(1, 23), (1, 24), (5, 21), (6, 22), (2, 12)] {
        let said: Answer = take(&staff, 7, user, grant).await;
        assert_eq!(said.status, 200, "grant {grant} of {user}: {}", said.text);
    }
    staff.batch("UPDATE users SET disabled_at = NULL WHERE id = 6; INSERT INTO grants VALUES (25, 6, 1, NULL)");
    assert_eq!(can_spare(&staff, 1), "ok", "of two again");
    assert_eq!(take(&staff, 7, 1, 11).await.status, 200, "one of two");
    assert_eq!(can_spare(&staff, 6), "last_administrator", "the other one");
}

/// A shop without any administrator can spare everybody.
#[tokio::test]
async fn whoever_is_none_can_be_spared() {
    let staff = staff().await;
    staff.batch("DELETE FROM grants WHERE role_id = 1");
    for user in [1, 2, 5, 7] {
        assert_eq!(can_spare(&staff, user), "ok", "{user} is no administrator");
    }
}

/// Two administrators take each other's role at the same time: one of them fails.
#[tokio::test]
async fn two_who_take_each_others_role() {
    for round in 0..5 {
        let staff = staff().await;
        let request = |me: i64, user: i64, grant: i64| {
            staff.as_user(
                staff
                    .server
                    .delete(&format!("/api/users/{user}/roles/{grant}")),
                me,
            )
        };
        let answers: Vec<Answer> = staff
            .at_once(vec![request(1, 2, 12), request(2, 1, 11)])
            .await;
        let mut statuses: Vec<(u16, &str)> = answers.iter().map(Answer::said).collect();
        statuses.sort_unstable();
        assert_eq!(
            statuses,
            [(200, ""), (409, "last_administrator")],
            "round {round}"
        );
        let left: i64 = staff.query("SELECT count(*) FROM grants WHERE role_id = 1", []);
        assert_eq!(left, 1, "administrators that are left, round {round}");
    }
}

/// The same role given twice at the same time is given once, and recorded once.
#[tokio::test]
async fn given_twice_at_once_is_given_once() {
    let staff = staff().await;
    let body = json!({ "role": "clerk", "branch": "*" });
    let requests = (0..6).map(|_| {
        staff
            .as_user(staff.server.post("/api/users/5/roles"), 1)
            .json(&body)
    });
    let answers: Vec<Answer> = staff.at_once(requests.collect()).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let rows: i64 = staff.query("SELECT count(*) FROM grants WHERE user_id = 5", []);
    assert_eq!((rows, staff.events().len()), (1, 1), "rows and events");
}

/// Somebody who is disabled while the request waits for its turn changes nothing any more: 401.
#[tokio::test]
async fn a_dismissal_stops_what_is_under_way() {
    let staff = staff().await;
    for (request, what) in [
        (
            staff
                .server
                .post("/api/users/5/roles")
                .json(&json!({ "role": "clerk", "branch": "Bath" })),
            "giving",
        ),
        (staff.server.delete("/api/users/4/roles/14"), "taking"),
    ] {
        staff.batch("UPDATE users SET disabled_at = NULL WHERE id = 3");
        let grants: i64 = staff.query("SELECT sum(id * user_id) FROM grants", []);
        let said: Answer = staff
            .overtaken(
                staff.as_user(request, 3),
                "UPDATE users SET disabled_at = 1500000000 WHERE id = 3",
            )
            .await;
        assert_eq!(said.said(), (401, "not_signed_in"), "{what}: {}", said.text);
        let after: i64 = staff.query("SELECT sum(id * user_id) FROM grants", []);
        assert_eq!(after, grants, "the grants after {what}");
    }
    let said: Answer = staff
        .overtaken(
            staff.as_user(staff.server.delete("/api/users/4/roles/15"), 1),
            "INSERT INTO grants VALUES (31, 4, 5, NULL)",
        )
        .await;
    assert_eq!(said.status, 200, "{}", said.text);
    assert_eq!(
        staff.events().pop().map(|event| event["before"].clone()),
        Some(json!({ "roles": ["clerk in Bath", "clerk in Leeds", "empty in *"] })),
        "what stood before, as the transaction found it"
    );
}

/// If the sessions cannot be ended or the entry cannot be written, nothing has changed.
#[tokio::test]
async fn all_or_nothing() {
    let staff = staff().await;
    let before: String = staff.tables();
    for line in ["end_all 5", "record role.given"] {
        staff.journal.break_down(line);
        let said: Answer = give(&staff, 1, 5, "clerk", "Bath").await;
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{line} fails: {}",
            said.text
        );
        staff.journal.mend();
    }
    for line in ["end_all 4", "record role.taken"] {
        staff.journal.break_down(line);
        let said: Answer = take(&staff, 1, 4, 14).await;
        assert_eq!(
            said.said(),
            (500, "internal"),
            "{line} fails: {}",
            said.text
        );
        staff.journal.mend();
    }
    assert_eq!(staff.tables(), before, "the tables");
    staff.batch(
        "CREATE TRIGGER jammed BEFORE DELETE ON grants BEGIN SELECT RAISE(ABORT, 'jammed'); END",
    );
    let said: Answer = take(&staff, 1, 4, 15).await;
    assert_eq!(
        said.said(),
        (500, "internal"),
        "the row cannot be removed: {}",
        said.text
    );
    staff.batch("DROP TABLE role_permissions");
    let said: Answer = give(&staff, 1, 5, "clerk", "Leeds").await;
    assert_eq!(
        said.said(),
        (500, "internal"),
        "the rules cannot be read: {}",
        said.text
    );
}
