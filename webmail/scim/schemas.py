"""What there is: schemas, resource types, and what the service can do (RFC 7643 §5 to §7)."""

from __future__ import annotations

from typing import Any, Final

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_USER: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"
MAX_RESULTS: Final = 200


def _attribute(name: str, kind: str = "string", *, about: str = "", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": about or name,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind == "string":
        found |= {"caseExact": False, "uniqueness": "none"}
    return found | more


def user_schema() -> dict[str, Any]:
    """People. The address is given once; e-mail addresses and the whole name follow from it and the parts."""
    return {
        "schemas": [SCHEMA],
        "id": USER,
        "name": "User",
        "description": "Tài khoản cá nhân / personal account",
        "attributes": [
            _attribute(
                "userName",
                required=True,
                uniqueness="server",
                mutability="immutable",
                about="address or its local part",
            ),
            _attribute(
                "name",
                "complex",
                required=True,
                about="họ, tên đệm, tên",
                subAttributes=[
                    _attribute("familyName", about="họ"),
                    _attribute("givenName", required=True, about="tên"),
                    _attribute("middleName", about="tên đệm"),
                ],
            ),
            _attribute("displayName", mutability="readOnly"),
            _attribute("title", about="chức vụ"),
            _attribute("active", "boolean"),
            _attribute(
                "password", mutability="writeOnly", returned="never", about="one-time; must be changed"
            ),
            _attribute(
                "emails",
                "complex",
                multiValued=True,
                mutability="readOnly",
                subAttributes=[
                    _attribute("value", mutability="readOnly"),
                    _attribute("type", mutability="readOnly"),
                    _attribute("primary", "boolean", mutability="readOnly"),
                ],
            ),
        ],
        "meta": {"resourceType": "Schema", "location": f"/scim/v2/Schemas/{USER}"},
    }


def enterprise_schema(units: list[str]) -> dict[str, Any]:
    """The unit: one of those that the administrator may put people into."""
    return {
        "schemas": [SCHEMA],
        "id": ENTERPRISE_USER,
        "name": "EnterpriseUser",
        "description": "Đơn vị / unit",
        "attributes": [
            _attribute("department", about="mã đơn vị / code of the unit", canonicalValues=units[:500])
        ],
        "meta": {"resourceType": "Schema", "location": f"/scim/v2/Schemas/{ENTERPRISE_USER}"},
    }


def group_schema() -> dict[str, Any]:
    """Fixed groups: the name is given once, members come and go."""
    return {
        "schemas": [SCHEMA],
        "id": GROUP,
        "name": "Group",
        "description": "Nhóm / group",
        "attributes": [
            _attribute("displayName", required=True, mutability="immutable"),
            _attribute(
                "members",
                "complex",
                multiValued=True,
                subAttributes=[
                    _attribute("value", mutability="immutable", about="id of a user"),
                    _attribute(
                        "$ref",
                        "reference",
                        mutability="immutable",
                        referenceTypes=["User"],
                        caseExact=True,
                        uniqueness="none",
                    ),
                    _attribute("type", mutability="immutable", canonicalValues=["User"]),
                ],
            ),
        ],
        "meta": {"resourceType": "Schema", "location": f"/scim/v2/Schemas/{GROUP}"},
    }


RESOURCE_TYPES: Final[list[dict[str, Any]]] = [
    {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "Tài khoản cá nhân / personal accounts",
        "schema": USER,
        "schemaExtensions": [{"schema": ENTERPRISE_USER, "required": False}],
        "meta": {"resourceType": "ResourceType", "location": "/scim/v2/ResourceTypes/User"},
    },
    {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "Group",
        "name": "Group",
        "endpoint": "/Groups",
        "description": "Nhóm / groups",
        "schema": GROUP,
        "schemaExtensions": [],
        "meta": {"resourceType": "ResourceType", "location": "/scim/v2/ResourceTypes/Group"},
    },
]
CONFIG: Final[dict[str, Any]] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": MAX_RESULTS},
    "changePassword": {"supported": True},
    "sort": {"supported": False},
    "etag": {"supported": True},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "Mã truy cập cá nhân / personal token",
            "description": "RFC 6750, given for SCIM",
            "primary": True,
        }
    ],
    "meta": {"resourceType": "ServiceProviderConfig", "location": "/scim/v2/ServiceProviderConfig"},
}
