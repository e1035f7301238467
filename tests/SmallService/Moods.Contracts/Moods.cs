using Hikyaku.Contracts;

namespace Hikyaku.Moods.Contracts;

/// <summary>Somebody's mood is another one.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the service's order; grows, has gaps.</param>
/// <param name="Version">The version of the mood after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Whose mood it is.</param>
/// <param name="Mood">The mood.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record MoodChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string Mood, string? Domain = null) : IDomainEvent;

/// <summary>What a mail node needs to know of a mood: who gets angry is thrown out.</summary>
/// <param name="AccountId">Whose mood it is.</param>
/// <param name="Mood">The mood.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the account is gone.</param>
public sealed record MoodState(string AccountId, string Mood, long Version, long Position, bool Deleted);
