"""The calls that fetch the logs of one app and user, with what they need, cost and keep. Pure.

Never in a WHERE: `LoginHistory.Status` and `LoginHistory.Application`, which Salesforce refuses there. They are asked
for and told apart afterwards, which is what `jwtdoctor logs` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = "66.0"
CLI = "sf data query --target-org ORG --file query.soql"
"""Runs a SOQL that stands in that file: quoting it for every shell is nobody's pleasure."""
_OBJECT = "https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_"
_REST = "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/"
HISTORY, TOKENS, QUERIED = (f"{_OBJECT}{page}.htm" for page in ("loginhistory", "oauthtoken", "logineventlog"))
TYPES = f"{_OBJECT}eventlogfile_supportedeventtypes.htm"
EVENTS, HOURLY = f"{_REST}using_resources_event_log_files.htm", f"{_REST}event_log_file_hourly_overview.htm"
FREE = ("ApexUnexpectedException", "ApiTotalUsage", "CorsViolation", "CspViolation", "HostnameRedirects",
        "InsecureExternalAssets", "Login", "Logout")  # fmt: skip
TELLING = ("Login", "Logout", "ApiTotalUsage", "RestApi")
"""What tells of apps, users, addresses and tokens."""
KNOWN_TYPES = frozenset(
    """API ApexCallout ApexExecution ApexRestApi ApexSoap ApexTrigger ApexUnexpectedException ApiTotalUsage
    AsynchronousReportRun AuraRequest BlockedRedirect BulkApi BulkApi2 BulkApiRequest ChangeSetOperation CompositeApi
    CompositeApiSubrequest ConcurrentLongRunningApexLimit Console ContentDistribution ContentDocumentLink
    ContentTransfer ContinuationCalloutSummary CorsViolation CspViolation Dashboard DocumentAttachmentDownloads
    ExternalCrossOrgCallout ExternalCustomApexCallout ExternalDataSourceCallout ExternalODataCallout FlowExecution
    GroupMembership HostnameRedirects InsecureExternalAssets InsufficientAccess InvocableAction KnowledgeArticleView
    LightningError LightningInteraction LightningLogger LightningPageView LightningPerformance Login LoginAs Logout
    MetadataApiOperation MultiblockReport NamedCredential OneCommerceUsage PackageInstall PermissionUpdate
    PlatformEncryption Pricing QueuedExecution Report ReportExport RestApi Sandbox Search SearchClick Sites
    TimeBasedWorkflow TransactionSecurity UITelemetryNavigationTiming UITelemetryResourceTiming URI VisualforceRequest
    WaveChange WaveDownload WaveInteraction WavePerformance""".split()  # noqa: SIM905 - read as a page lists them
)
USE_INSTEAD = {
    "ConnectedApp": "Login and Logout for who logs in and how, ApiTotalUsage for each call with its app",
    "ConnectedAppOAuth": "Login (LOGIN_TYPE i is Remote Access 2.0, LOGIN_SUB_TYPE the grant) and Login History "
    "(the app's name), ApiTotalUsage for the calls",
    "OAuthToken": "the object OauthToken for approvals, Login for token requests",
    "TokenExchange": "Login, whose LOGIN_SUB_TYPE names the exchange",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """For whom. Names as they are known; ids where they are."""

    app: str | None = None
    user: str | None = None
    days: int = 7


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its `soql` and the REST path of a GET; `command` runs it with the Salesforce CLI."""

    title: str
    answers: str
    soql: str | None
    rest: str
    command: str
    needs: str
    limits: str
    retention: str
    then: str = ""
    sources: tuple[str, ...] = ()


def calls(subject: Subject, event_types: tuple[str, ...] = TELLING) -> tuple[Call, ...]:
    """What to run, in this order: the user's id first where a user is known."""
    days = f"LAST_N_DAYS:{max(1, subject.days)}"
    user = [_user(subject.user)] if subject.user and not _is_id(subject.user) else []
    files = (_files(event_types, days), _file())
    return (*user, _history(subject, days), *files, _tokens(subject), _event_log(subject, days))


def _user(name: str) -> Call:
    soql = f"SELECT Id, Username, IsActive, ProfileId, LastLoginDate FROM User WHERE Username = {quoted(name)}"
    return Call("The user's id", "the Id that the calls below filter by, and whether the user is active", soql,
                _rest(soql), CLI, "read access to users", "one row", "as it is now")  # fmt: skip


def _history(subject: Subject, days: str) -> Call:
    who = f"UserId = {quoted(_id_or(subject.user, 'USER_ID'))} AND " if subject.user else ""
    soql = ("SELECT Id, UserId, LoginTime, LoginType, LoginSubType, Status, SourceIp, Application, LoginUrl, "
            "TlsProtocol, ApiType, ApiVersion, ClientVersion, Browser, CountryIso FROM LoginHistory "
            f"WHERE {who}LoginTime = {days} ORDER BY LoginTime DESC LIMIT 20000")  # fmt: skip
    app = f"; --app picks {subject.app}" if subject.app else ""
    return Call(
        "Login History",
        "every login and token request with its Status and the app's name",
        soql, _rest(soql), f"{CLI} --result-format csv > logins.csv",
        "Monitor Login History or Manage Users (one's own rows need neither); no extra licence",
        "Status and Application cannot stand in WHERE: they are read from the rows. Application is cut to 64 "
        "characters. A request that is refused before its user is known may leave no row",
        "6 months", f"jwtdoctor logs logins.csv{app and ' --app ' + quoted_word(subject.app or '')}", (HISTORY,),
    )  # fmt: skip


def _files(event_types: tuple[str, ...], days: str) -> Call:
    names = ", ".join(quoted(one) for one in event_types)
    free = ", ".join(one for one in event_types if one in FREE) or "files of other types"
    paid = ", ".join([*(one for one in event_types if one not in FREE), "hourly files"])
    soql = ("SELECT Id, EventType, LogDate, Interval, Sequence, CreatedDate, LogFileLength FROM EventLogFile "
            f"WHERE EventType IN ({names}) AND LogDate = {days} ORDER BY LogDate, Sequence")  # fmt: skip
    return Call(
        "Event log files: which there are",
        "a file a day (an hour, with the licence) and type",
        soql, _rest(soql), CLI,
        f"View Event Log Files and API Enabled, or View All Data; daily {free} are free, {paid} need Event Monitoring",
        "a daily file comes the next day, at worst within three; a late one replaces the first: take the newest "
        "CreatedDate. Rows may repeat; a missing row proves nothing",
        "with Event Monitoring 30 days, up to a year on request; 1 day in Developer Edition and trials; for free types "
        "without the licence it is not documented",
        "", (TYPES, EVENTS, HOURLY),
    )  # fmt: skip


def _file() -> Call:
    path = f"/services/data/v{VERSION}/sobjects/EventLogFile/FILE_ID/LogFile"
    return Call(
        "Event log files: one of them", "its rows as CSV", None, path,
        f"sf api request rest {path} --stream-to-file FILE_ID.csv --target-org ORG",
        "as above", "one request a file; ask for gzip, since a day of a large org is gigabytes", "as above",
        "jwtdoctor logs FOLDER", (EVENTS,),
    )  # fmt: skip


def _tokens(subject: Subject) -> Call:
    parts = [f"UserId = {quoted(_id_or(subject.user, 'USER_ID'))}"] if subject.user else []
    parts += [f"AppName = {quoted(subject.app)}"] if subject.app else []
    where = f"WHERE {' AND '.join(parts)} " if parts else ""
    soql = ("SELECT AppName, UserId, CreatedDate, LastUsedDate, UseCount FROM OauthToken "
            f"{where}ORDER BY LastUsedDate DESC LIMIT 500")  # fmt: skip
    return Call(
        "Approvals", "which apps a user has approved, and when they were last used", soql, _rest(soql), CLI,
        "Customize Application for those of others", "500 rows a page, 2,500 in all; UseCount and LastUsedDate rise on "
        "failed attempts too", "while the approval stands", "", (TOKENS,),
    )  # fmt: skip


def _event_log(subject: Subject, days: str) -> Call:
    who = f"UserIdentifier = {quoted(_id_or(subject.user, 'USER_ID'))} AND " if subject.user else ""
    soql = ("SELECT Timestamp, UserName, SourceIp, LoginType, LoginSubType, LoginStatus, Uri FROM LoginEventLog "
            f"WHERE {who}Timestamp = {days} LIMIT 2000")  # fmt: skip
    return Call(
        "Login events as an object", "the rows of the Login files without a download", soql, _rest(soql), CLI,
        "View Event Log Object Data, with Event Monitoring", "API 61 and later", "as the event log files", "",
        (QUERIED,),
    )  # fmt: skip


def quoted(text: str) -> str:
    """A text as SOQL writes it."""
    escaped = re.sub(r"[\x00-\x1f\x7f]", "", text).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quoted_word(text: str) -> str:
    from shlex import quote

    return quote(re.sub(r"[\x00-\x1f\x7f]", "", text))


def _is_id(user: str) -> bool:
    return bool(re.fullmatch(r"005[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", user))


def _id_or(user: str | None, stand_in: str) -> str:
    return user if user is not None and _is_id(user) else stand_in


def _rest(soql: str) -> str:
    from urllib.parse import quote_plus

    return f"/services/data/v{VERSION}/query/?q={quote_plus(soql)}"
