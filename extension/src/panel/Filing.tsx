// The chip that says, before a mail leaves, to whose timeline it goes and who may read it there.
import type { Filing as Foreseen } from './server';

const TONES: Record<Foreseen['outcome'], string> = { linked: 'success', waiting: 'warning', excluded: 'neutral' };
const LEVELS: Record<string, string> = { full: 'Full', subject: 'Subject only', metadata: 'Hidden' };

export function Filing({ filing, isRead }: { filing: Foreseen; isRead: boolean }) {
  const level = isRead ? LEVELS[filing.level] : undefined;
  return (
    <div class="filing" aria-live="polite">
      <span class={`chip tone-${level ? TONES[filing.outcome] : 'neutral'}`}>{level ?? 'Not logged'}</span>
      <p>
        <span class="strong">{filing.words}</span> {level && filing.level_words}
      </p>
    </div>
  );
}
