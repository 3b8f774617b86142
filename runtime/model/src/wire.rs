//! How every shape is spelled on the wire, in one place.

/// Declares structs whose members are spelled in PascalCase and left out when there is nothing to say.
macro_rules! wire {
    ($($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)*
    })*) => {$(
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        $(#[$meta])*
        pub struct $name {
            $($(#[$field_meta])* #[serde(skip_serializing_if = "crate::wire::Member::is_absent")] pub $field: $type,)*
        }
    )*};
}

pub(crate) use wire;

/// Whether a member of a shape is left out of its JSON. `None`, an empty list and `false` are.
pub(crate) trait Member {
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Member for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Member for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Member for bool {
    fn is_absent(&self) -> bool {
        !self
    }
}

macro_rules! always_present {
    ($($type:ty),*) => { $(impl Member for $type {})* };
}

always_present!(u32, u64, String, crate::Timestamp, crate::EventPayload, crate::EventError, crate::RetryDetails);
always_present!(crate::OperationType, crate::OperationStatus, crate::OperationAction);
