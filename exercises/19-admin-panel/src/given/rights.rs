//! What one may do, and where.

use std::fmt;

/// What somebody may do. Roles are sets of these; which role has which is data, in the table `role_permissions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See orders.
    OrdersRead,
    /// Give money back.
    OrdersRefund,
    /// Invite colleagues.
    UsersInvite,
    /// Disable accounts, and enable them again.
    UsersDisable,
    /// Give roles and take them away.
    RolesAssign,
    /// Read the audit log.
    AuditRead,
    /// Take the audit log away as a file.
    AuditExport,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OrdersRead,
        Self::OrdersRefund,
        Self::UsersInvite,
        Self::UsersDisable,
        Self::RolesAssign,
        Self::AuditRead,
        Self::AuditExport,
    ];

    /// The permission of this name; `None` for a name that this program does not know.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// As the table has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrdersRead => "orders.read",
            Self::OrdersRefund => "orders.refund",
            Self::UsersInvite => "users.invite",
            Self::UsersDisable => "users.disable",
            Self::RolesAssign => "roles.assign",
            Self::AuditRead => "audit.read",
            Self::AuditExport => "audit.export",
        }
    }
}

/// Where one wants to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In at least one branch, whichever: what a route asks before the object is known.
    Somewhere,
    /// In this branch.
    In(i64),
    /// In all branches, those of next year, too.
    Everywhere,
}

impl From<Option<i64>> for Place {
    /// As `branch_id` stands in the tables: NULL is everywhere.
    fn from(branch: Option<i64>) -> Self {
        branch.map_or(Self::Everywhere, Self::In)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Somewhere => formatter.write_str("somewhere"),
            Self::In(branch) => write!(formatter, "in {branch}"),
            Self::Everywhere => formatter.write_str("everywhere"),
        }
    }
}
